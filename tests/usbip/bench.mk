# SPDX-License-Identifier: Apache-2.0
# The USB/IP server alone, without a model, under AddressSanitizer and UndefinedBehaviorSanitizer.
USBIP_BENCH := tests/usbip/bench.cpp $(addprefix verilator/,usbip_server.cpp usbip_connection.cpp usb_core.cpp socket_writer.cpp)

TEST_PROGRAMS += $(B)/tests/usbip

$(B)/tests/usbip: $(USBIP_BENCH) $(wildcard verilator/*.h) fw/include/coffer_wire.h
	@mkdir -p $(@D)
	@echo "  BENCH usbip"
	@$(CXX) $(filter-out -MMD -MP,$(VB_CXXFLAGS)) -fsanitize=address,undefined -fno-sanitize-recover=undefined -Iverilator \
		-o $@ $(USBIP_BENCH) -pthread
