# SPDX-License-Identifier: Apache-2.0
# On the virtual board's model (verilator/verilator.mk), without its USB/IP server and host controller.
TEST_PROGRAMS += $(B)/tests/ep0

$(B)/tests/ep0: tests/ep0/bench.cpp tests/ep0/ep0_host.h $(VB)/full/board_model.o $(VB)/spi_flash.o $(VB)/full/libVcoffer_top.a | $(FW)/coffer.hex
	@mkdir -p $(@D)
	@echo "  BENCH ep0"
	@$(CXX) $(filter-out -MMD -MP,$(VB_CXXFLAGS)) -Wno-missing-field-initializers -Iverilator -Itests/ep0 -o $@ $< $(VB)/full/board_model.o \
		$(VB)/spi_flash.o $(VB)/full/libVcoffer_top.a $(VB)/full/libverilated.a -pthread -llz4 -lz
