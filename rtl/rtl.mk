# SPDX-License-Identifier: Apache-2.0
# The RTL: its list of files, and what is generated for it from Python packages.
#   RTL_SOURCES   every file, packages first
#   RTL_TOP       the top module

GEN := $(B)/rtl
RTL_TOP := coffer_top
VEXRISCV = $(SITE)/pythondata_cpu_vexriscv/verilog

RTL_GENERATED := $(GEN)/pke_code_pkg.sv $(GEN)/coffer_regs_pkg.sv $(GEN)/coffer_regs.sv $(GEN)/vexriscv.v $(GEN)/vexriscv_lite.v $(GEN)/luna_usb.v
RTL_OWN := rtl/coffer_pkg.sv \
	$(sort $(wildcard rtl/*/*_pkg.sv)) \
	$(sort $(filter-out %_pkg.sv,$(wildcard rtl/aes/*.sv rtl/entropy/*.sv rtl/jobs/*.sv rtl/pke/*.sv rtl/soc/*.sv rtl/surface/*.sv rtl/usb/*.sv rtl/vault/*.sv))) \
	rtl/coffer_top.sv
RTL_SOURCES := $(RTL_GENERATED) $(RTL_OWN)

# Registers: one description gives RTL, C header and reference page.
REGS_RDL := rtl/soc/coffer_regs.rdl
REGS_H := $(B)/fw/coffer_regs.h

$(GEN)/coffer_regs_pkg.sv: $(REGS_RDL) $(VENV)/.done
	@mkdir -p $(GEN)
	@echo "  REGS  $(REGS_RDL)"
	@$(VENV)/bin/peakrdl regblock $< -o $(GEN) --cpuif passthrough --default-reset rst_n
	@sed -i '1i // verilator lint_off MULTIDRIVEN' $(GEN)/coffer_regs.sv
	@touch $@

$(GEN)/coffer_regs.sv: $(GEN)/coffer_regs_pkg.sv
	@touch $@

$(REGS_H): $(REGS_RDL) $(VENV)/.done
	@mkdir -p $(@D)
	@$(VENV)/bin/peakrdl c-header $< -o $@

#: make registers        the register reference as a web page: build/registers/index.html
.PHONY: registers
registers: $(B)/registers/index.html
$(B)/registers/index.html: $(REGS_RDL) $(VENV)/.done
	@$(VENV)/bin/peakrdl html $< -o $(@D)

# VexRiscv: both variants under names of their own. The full board has LUTs for its 32 registers; the small one has two
# block RAMs left, and what is written and read in one cycle comes by the pipeline's bypass.
$(GEN)/vexriscv.v: $(VENV)/.done
	@mkdir -p $(GEN)
	@sed -e '/RegFilePlugin_regFile \[/s/ram_style = "block"/ram_style = "distributed"/' $(VEXRISCV)/VexRiscv.v > $@

$(GEN)/vexriscv_lite.v: $(VENV)/.done
	@mkdir -p $(GEN)
	@sed -e '/RegFilePlugin_regFile \[/s/ram_style = "block"/ram_style = "block", no_rw_check/' \
		-e 's/\bVexRiscv\b/VexRiscvLite/g' -e 's/\bInstructionCache\b/InstructionCacheLite/g' $(VEXRISCV)/VexRiscv_Lite.v > $@

.PHONY: lint-rtl
lint-rtl: $(RTL_SOURCES) rtl/waivers.vlt
	@for p in "-GSmallCpu=0" "-GSmallCpu=1 -GNCtx=2 -GSurfPages=4 -GSimulated=1"; do \
		$(VERILATE) --lint-only -Wall --assert --top-module $(RTL_TOP) $$p rtl/waivers.vlt $(RTL_SOURCES); done
