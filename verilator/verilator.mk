# SPDX-License-Identifier: Apache-2.0
# The virtual board: coffer-board with its preload library, in three builds of the model:
#   full    build/bin/coffer-board
#   small   build/bin/coffer-board-small   the configuration of small FPGAs, for coffer-board --contexts small
#   trace   build/bin/coffer-board-trace   full, with its inside visible: coffer-board --trace, and tests that look at
#                                          hidden state (verilator/probe.vlt)

VB := $(B)/verilator
VB_SOURCES := $(filter-out verilator/board_model.cpp verilator/main.cpp,$(wildcard verilator/*.cpp))
VB_OBJECTS := $(VB_SOURCES:verilator/%.cpp=$(VB)/%.o)
VB_CXXFLAGS := -std=c++20 -O2 -g $(filter-out -Wstrict-prototypes -Wmissing-prototypes,$(WARN)) -Ifw/include -DCOFFER_VERSION='"$(VERSION)"' -MMD -MP
VB_INCLUDES = -isystem $(VERILATOR_INCLUDE) -isystem $(VERILATOR_INCLUDE)/vltstd
VERILATOR_INCLUDE = $(if $(VERILATOR),$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include,$(SITE)/verilator/include)

VB_FLAGS := -O3 --x-assign fast --x-initial fast --assert --output-split 20000 -Wno-fatal -Wno-lint -Wno-style \
	-GSimulated=1 -CFLAGS "-DVL_USER_STOP -DVL_USER_FATAL" -MAKEFLAGS "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2"

PROGRAMS += $(B)/bin/coffer-board $(B)/lib/coffer-preload.so

$(B)/lib/coffer-preload.so: verilator/preload.c verilator/usbip_protocol.h
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) -std=gnu11 $(CFLAGS) $(WARN) -fPIC -shared -fvisibility=hidden -o $@ $<

$(VB)/%.o: verilator/%.cpp | $(B)/.apt
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	@$(CXX) $(VB_CXXFLAGS) -c -o $@ $<

# $(1) name, $(2) program, $(3) more for Verilator, $(4) more to depend on
define virtual_board
$(VB)/$(1)/libVcoffer_top.a: $(RTL_SOURCES) $(4) verilator/verilate verilator/verilator.mk $(VENV)/.done
	@mkdir -p $$(@D)
	@echo "  MODEL $(1) (some minutes)"
	@$(VERILATE) --cc --build -j 2 $(VB_FLAGS) $(3) --top-module $(RTL_TOP) --prefix Vcoffer_top --Mdir $$(@D) \
		$(RTL_SOURCES) > $(VB)/$(1).log 2>&1 || { grep -m 20 -E '%Error|error' $(VB)/$(1).log; exit 1; }
	@touch $$@

$(VB)/$(1)/main.o: verilator/main.cpp | $(B)/.apt
	@mkdir -p $$(@D)
	@echo "  CXX   $$< ($(1))"
	@$(CXX) $(VB_CXXFLAGS) -DCOFFER_BOARD_BUILD='"$(1)"' -c -o $$@ $$<

$(VB)/$(1)/board_model.o: verilator/board_model.cpp $(VB)/$(1)/libVcoffer_top.a
	@echo "  CXX   $$< ($(1))"
	@$(CXX) $(VB_CXXFLAGS) -DVL_USER_STOP -DVL_USER_FATAL $(if $(findstring --trace,$(3)),-DVM_TRACE=1) $$(VB_INCLUDES) -isystem $(VB)/$(1) -c -o $$@ $$<

$(2): $(VB_OBJECTS) $(VB)/$(1)/main.o $(VB)/$(1)/board_model.o $(VB)/$(1)/libVcoffer_top.a | $(B)/fw/coffer.hex
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	@$(CXX) -o $$@ $(VB_OBJECTS) $(VB)/$(1)/main.o $(VB)/$(1)/board_model.o $(VB)/$(1)/libVcoffer_top.a \
		$(VB)/$(1)/libverilated.a -pthread -llz4 -lz

-include $(VB)/$(1)/main.d $(VB)/$(1)/board_model.d
endef

$(eval $(call virtual_board,full,$(B)/bin/coffer-board,,))
$(eval $(call virtual_board,small,$(B)/bin/coffer-board-small,-GNCtx=2 -GSurfPages=4 -GSmallCpu=1,))
$(eval $(call virtual_board,trace,$(B)/bin/coffer-board-trace,--trace-fst verilator/probe.vlt,verilator/probe.vlt))

TEST_PROGRAMS += $(B)/bin/coffer-board-trace $(B)/tests/virtual_board_client

$(B)/tests/virtual_board_client: tests/virtual_board/client.c fw/include/coffer_wire.h
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -std=gnu11 $(CFLAGS) $(WARN) -Ifw/include -o $@ $< -lusb-1.0

-include $(VB_OBJECTS:.o=.d)

#: make build/bin/coffer-board-small   the virtual board in the configuration of small FPGAs
#: make build/bin/coffer-board-trace   the virtual board that writes waveforms
