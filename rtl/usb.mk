# SPDX-License-Identifier: Apache-2.0
# The USB device core: LUNA, written as one Verilog file. Yosys is its back end.

RTL_USB_GEN := $(B)/rtl/luna_usb.v
RTL_USB := rtl/usb/usb_device.sv rtl/usb/usb_ep0.sv rtl/usb/usb_bulk_out.sv rtl/usb/usb_bulk_in.sv \
	rtl/usb/usb_packet_queue.sv rtl/usb/usb_revoke.sv $(RTL_USB_GEN)

$(RTL_USB_GEN): rtl/usb/gen_luna.py $(VENV)/.done
	@mkdir -p $(@D)
	@echo "  LUNA $@"
	@$(PY) $< $@
