# SPDX-License-Identifier: Apache-2.0
# Coffer: build, test, demonstrate. `make help` lists the targets.
#
# Each area has its own fragment (rtl/rtl.mk, fw/fw.mk, …); everything made goes to build/. Lines that begin with
# "#:" are what `make help` prints.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

B := build
VENV := $(B)/venv
PY := $(VENV)/bin/python
SITE = $(firstword $(wildcard $(VENV)/lib/python3*/site-packages))
VERILATE := verilator/verilate
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo,)

CC := gcc
CXX := g++
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla

# The second make reads these files again, with what the set-up has brought.
AGAIN = $(MAKE) -s --no-print-directory -j$(JOBS)

#: make                  build libcoffer, coffer, coffer-board (sets itself up on Debian bookworm)
.PHONY: all
all: setup
	@$(AGAIN) programs

# ---- set-up: Debian packages, Python environment, mbedTLS source -----------------------------------

APT_PACKAGES := build-essential clang-14 libclang-rt-14-dev clang-format-14 pkg-config ca-certificates python3 python3-venv perl ccache \
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
	libusb-1.0-0-dev libudev-dev umockdev libumockdev-dev libcmocka-dev liblz4-dev zlib1g-dev libcjson-dev \
	libavformat-dev libavcodec-dev libavutil-dev libswscale-dev ffmpeg openssl usbutils dpkg-dev bzip2 xz-utils debian-archive-keyring

.PHONY: setup venv
setup: $(B)/.apt $(VENV)/.done $(B)/mbedtls/.version
	@:
venv: $(VENV)/.done

#: make setup            only what that needs: Debian packages, Python packages, the mbedTLS source
$(B)/.apt: Makefile
	@mkdir -p $(B)
	@command -v dpkg-query >/dev/null || { echo "set-up: dpkg-query is missing: this is no Debian. With the tools of APT_PACKAGES (Makefile) at hand: touch $@"; exit 1; }
	@missing=$$({ dpkg-query -W -f '$${db:Status-Status} $${Package}\n' $(APT_PACKAGES) 2>&1 || :; } | awk '/no packages found/ { print $$NF } $$1 != "installed" && !/no packages/ { print $$2 }'); \
	if [ -n "$$missing" ]; then \
		echo "installing Debian packages: $$missing"; \
		{ $(SUDO) apt-get -q update && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $(APT_PACKAGES); } >$(B)/apt.log 2>&1 \
		|| { { grep -E '^E:|not found' $(B)/apt.log || :; } | tail -n 1; echo "set-up: Debian packages are missing and could not be installed: $$missing"; exit 1; }; \
	fi
	@touch $@

$(VENV)/.done: requirements.txt | $(B)/.apt
	@echo "making the Python environment"
	@/usr/bin/python3 -m venv $(VENV)
	@$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt >$(B)/pip.log 2>&1 \
	|| { grep ERROR $(B)/pip.log | tail -n 1; echo "set-up: the Python packages of requirements.txt could not be installed: see $(B)/pip.log"; exit 1; }
	@touch $@

$(B)/mbedtls/.version: fw/mbedtls/fetch | $(B)/.apt
	@echo "fetching the mbedTLS source"
	@fw/mbedtls/fetch $(B)/mbedtls
	@touch $@

# ---- the areas ----------------------------------------------------------------------------------------

PROGRAMS :=
TEST_PROGRAMS :=

include $(wildcard rtl/*.mk fw/*.mk host/*.mk verilator/*.mk tests/*.mk)

.PHONY: programs test-programs
programs: $(PROGRAMS)
test-programs: $(PROGRAMS) $(TEST_PROGRAMS)

#: make test             every test; pytest's last line is the verdict
.PHONY: test
test: setup
	@$(AGAIN) test-programs
	@$(PY) -m pytest -q -n $(JOBS) --dist loadfile tests

# ---- style --------------------------------------------------------------------------------------------

#: make lint             lint-rtl (Verilator's lint over the whole board), lint-c (clang-format), lint-python (ruff)
#: make format           clang-format and ruff over every file, in place
C_FILES = $(shell find fw host verilator tests -name '*.[ch]' -o -name '*.cpp')
CLANG_FORMAT := clang-format-14
RUFF := $(VENV)/bin/ruff

.PHONY: lint lint-c lint-python format
lint: lint-rtl lint-c lint-python
lint-c: $(B)/.apt
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
lint-python: $(VENV)/.done
	@$(RUFF) check -q --no-cache
	@$(RUFF) format -q --no-cache --check
format: $(B)/.apt $(VENV)/.done
	@$(CLANG_FORMAT) -i $(C_FILES)
	@$(RUFF) format -q --no-cache
	@$(RUFF) check -q --no-cache --fix

#: make clean            remove what was built (the downloads stay)
.PHONY: clean
clean:
	rm -rf $(filter-out $(VENV) $(B)/mbedtls $(B)/clip $(B)/.apt,$(wildcard $(B)/* $(B)/.??*))

.PHONY: help
help:
	@sed -n 's/^#: //p' Makefile tests/*.mk host/*.mk verilator/*.mk rtl/*.mk fw/*.mk

#: make help             this list
