# SPDX-License-Identifier: Apache-2.0
# On the virtual board's model (verilator/verilator.mk), without its USB/IP server and host controller.
TEST_PROGRAMS += $(B)/tests/ep0
EP0_CPP := $(wildcard tests/ep0/*.cpp)
EP0_MODEL := $(VB)/full/board_model.o $(VB)/spi_flash.o $(VB)/full/libVcoffer_top.a

$(B)/tests/ep0: $(EP0_CPP) $(wildcard tests/ep0/*.h) $(EP0_MODEL) | $(FW)/coffer.hex
	@mkdir -p $(@D)
	@echo "  BENCH ep0"
	@$(CXX) $(filter-out -MMD -MP,$(VB_CXXFLAGS)) -Wno-missing-field-initializers -Iverilator -Itests/ep0 -o $@ $(EP0_CPP) $(EP0_MODEL) \
		$(VB)/full/libverilated.a -pthread -llz4 -lz
