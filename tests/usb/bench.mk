# SPDX-License-Identifier: Apache-2.0
USB_RTL := rtl/coffer_pkg.sv $(sort $(wildcard rtl/usb/*.sv)) $(B)/rtl/luna_usb.v
USB_TESTS := $(filter-out %/bench.cpp,$(wildcard tests/usb/*.cpp))

$(eval $(call bench,usb,usb_device,rtl/waivers.vlt tests/usb/public.vlt $(USB_RTL),-Wno-UNUSEDPARAM -GNCtx=4 $(addprefix $(CURDIR)/,$(USB_TESTS)),\
	verilator/ulpi_phy.h verilator/usb_packet.h $(USB_TESTS) $(wildcard tests/usb/*.h)))
