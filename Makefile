# SPDX-License-Identifier: Apache-2.0
# Coffer: build, test, demonstrate. `make help` lists the targets.
#
# Each area has its own fragment (rtl/rtl.mk, fw/fw.mk, …); everything made goes to build/.

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

.PHONY: all
all: setup
	@$(MAKE) --no-print-directory -j$(JOBS) programs

# ---- set-up: Debian packages, Python environment, mbedTLS source -----------------------------------

APT_PACKAGES := build-essential pkg-config ca-certificates python3 python3-venv perl ccache \
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
	libusb-1.0-0-dev libudev-dev umockdev libumockdev-dev libcmocka-dev liblz4-dev zlib1g-dev libcjson-dev \
	libavformat-dev libavcodec-dev libavutil-dev libswscale-dev ffmpeg openssl usbutils dpkg-dev bzip2 xz-utils debian-archive-keyring

.PHONY: setup venv
setup: $(B)/.apt $(VENV)/.done $(B)/mbedtls/.version
venv: $(VENV)/.done

$(B)/.apt: Makefile
	@mkdir -p $(B)
	@missing=$$({ dpkg-query -W -f '$${db:Status-Status} $${Package}\n' $(APT_PACKAGES) 2>&1 || :; } | awk '/no packages found/ { print $$NF } $$1 != "installed" && !/no packages/ { print $$2 }'); \
	if [ -n "$$missing" ]; then \
		echo "installing Debian packages: $$missing"; \
		{ $(SUDO) apt-get -q update && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $(APT_PACKAGES); } >$(B)/apt.log 2>&1 \
		|| { tail -n 5 $(B)/apt.log; echo "set-up: Debian packages are missing and could not be installed: $$missing"; exit 1; }; \
	fi
	@touch $@

$(VENV)/.done: requirements.txt | $(B)/.apt
	@echo "making the Python environment"
	@/usr/bin/python3 -m venv $(VENV)
	@$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt \
	|| { echo "set-up: the Python packages of requirements.txt could not be installed"; exit 1; }
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

.PHONY: test
test: setup
	@$(MAKE) --no-print-directory -j$(JOBS) test-programs
	@$(PY) -m pytest -q tests

.PHONY: clean
clean:
	rm -rf $(filter-out $(VENV) $(B)/mbedtls $(B)/clip $(B)/.apt,$(wildcard $(B)/* $(B)/.??*))

.PHONY: help
help:
	@sed -n 's/^#: //p' Makefile rtl/*.mk fw/*.mk host/*.mk verilator/*.mk tests/*.mk

#: make                  build libcoffer, coffer, coffer-board (sets itself up on Debian bookworm)
#: make test             every test; pytest's last line is the verdict
#: make clean            remove what was built (the downloads stay)
