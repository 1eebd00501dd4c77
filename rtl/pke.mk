# SPDX-License-Identifier: Apache-2.0
# Microcode of the public-key engine, and its registers as a C header.
PKE_RSA_H := $(B)/fw/pke_rsa.h
PKE_REGS_H := $(B)/fw/pke_regs.h
FW_GENERATED += $(PKE_RSA_H) $(PKE_REGS_H)

$(PKE_RSA_H): fw/pke/rsa.py fw/pke/microcode.py
	@mkdir -p $(@D)
	@python3 $< $@ $(B)/fw/pke_rsa.lst

$(PKE_REGS_H): rtl/pke/pke_regs.rdl $(VENV)/.done
	@mkdir -p $(@D)
	@$(VENV)/bin/peakrdl c-header $< -o $@
