# SPDX-License-Identifier: Apache-2.0
# FPGA: what the design takes on an ECP5, and bitstreams.

FIT := rtl/boards/fit.py
FIT_RTL = rtl/boards/ecp5_cells.sv $(RTL_SOURCES)

#: make fit              synthesis, place and route of both configurations: build/fit/report.json
.PHONY: fit fit-block
fit: $(RTL_SOURCES) $(VENV)/.done
	@$(PY) $(FIT) --work $(B)/fit $(FIT_RTL) rtl/boards/ecp5_ulpi/ecp5_ulpi.sv

#: make fit-block BLOCK=aes_core [PARAMS="NCtx=2"] [SEEDS=1]   the same for one module, on a 25F
SEEDS ?= 1
PARAMS ?=
fit-block: $(RTL_SOURCES) $(VENV)/.done
	@$(PY) $(FIT) --work $(B)/fit --block $(BLOCK) --seeds $(SEEDS) $(addprefix --param ,$(PARAMS)) $(FIT_RTL)
