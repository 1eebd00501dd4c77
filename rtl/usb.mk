# SPDX-License-Identifier: Apache-2.0
# The USB device core: LUNA, written as one Verilog file. Yosys is its back end.

RTL_USB_GEN := $(B)/rtl/luna_usb.v

$(RTL_USB_GEN): rtl/usb/gen_luna.py $(VENV)/.done
	@mkdir -p $(@D)
	@echo "  LUNA  $@"
	@$(PY) $< $@
