# SPDX-License-Identifier: Apache-2.0
# Block benches: tests/<block>/bench.cpp drives the Verilated module named in tests/<block>/bench.mk, which says
#   $(eval $(call bench,NAME,TOP_MODULE,SV FILES,EXTRA VERILATOR FLAGS,EXTRA DEPENDENCIES))
# and gives build/tests/NAME, a program that prints one line a check and exits non-zero on failure.

VLINT := -Wall -Wno-fatal --assert

define bench
TEST_PROGRAMS += $(B)/tests/$(1)
$(B)/tests/$(1): tests/$(1)/bench.cpp $(3) $(5) verilator/verilate $(VENV)/.done
	@mkdir -p $(B)/tests
	@echo "  BENCH $(1)"
	@$(VERILATE) --cc --exe --build -j 2 -O3 --x-assign unique --x-initial unique -Wall --assert $(4) --top-module $(2) \
		-CFLAGS "-O2 -std=c++20 -I$(CURDIR)/verilator -I$(CURDIR)/fw/include -I$(CURDIR)/tests" --Mdir $(B)/tests/$(1).obj -o ../$(1) $(3) $(CURDIR)/tests/$(1)/bench.cpp \
		> $(B)/tests/$(1).log 2>&1 || { cat $(B)/tests/$(1).log; exit 1; }
	@touch $(B)/tests/$(1)
endef

include $(wildcard tests/*/bench.mk)
