# SPDX-License-Identifier: Apache-2.0
# The whole board and its firmware. The hex file is read when the bench runs.
$(eval $(call bench,ep0,coffer_top,rtl/waivers.vlt $(RTL_SOURCES),-Wno-UNUSEDPARAM -GSimulated=1,$(FW)/coffer.hex tests/ep0/control.h verilator/ulpi_phy.h verilator/usb_packet.h fw/include/coffer_wire.h fw/include/coffer_device.h))
