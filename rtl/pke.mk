# SPDX-License-Identifier: Apache-2.0
# The public-key engine: its microcode, for the RTL and the firmware, and its registers as a C header.
PKE_CODE_SV := $(B)/rtl/pke_code_pkg.sv
PKE_CODE_H := $(B)/fw/pke_code.h
PKE_REGS_H := $(B)/fw/pke_regs.h
FW_GENERATED += $(PKE_CODE_H) $(PKE_REGS_H)

$(PKE_CODE_SV): fw/pke/image.py $(wildcard fw/pke/*.py)
	@mkdir -p $(@D) $(dir $(PKE_CODE_H))
	@python3 $< $@ $(PKE_CODE_H) $(B)/fw/pke_code.lst
$(PKE_CODE_H): $(PKE_CODE_SV)
	@touch $@

$(PKE_REGS_H): rtl/pke/pke_regs.rdl $(VENV)/.done
	@mkdir -p $(@D)
	@$(VENV)/bin/peakrdl c-header $< -o $@
