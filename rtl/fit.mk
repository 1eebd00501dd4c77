# SPDX-License-Identifier: Apache-2.0
# FPGA: what the design takes on an ECP5, and bitstreams.

FIT := rtl/boards/fit.py
FIT_RTL = rtl/boards/ecp5_cells.sv $(RTL_SOURCES)

#: make fit [CONFIGS=small] [SEEDS=1,2]   synthesis, place and route of both configurations: build/fit/report.json
.PHONY: fit fit-block
CONFIGS ?=
comma := ,
fit: $(RTL_SOURCES) $(B)/fw/coffer.hex $(VENV)/.done
	@$(PY) $(FIT) --work $(B)/fit $(addprefix --config ,$(CONFIGS)) --seeds $(if $(filter command,$(origin SEEDS)),$(SEEDS),1$(comma)2$(comma)3) \
		--firmware $(B)/fw/coffer.hex $(FIT_RTL) rtl/boards/ecp5_ulpi/ecp5_ulpi.sv

#: make fit-block BLOCK=aes_core [PARAMS="NCtx=2"] [SEEDS=1]   the same for one module, on a 25F
SEEDS ?= 1
PARAMS ?=
fit-block: $(RTL_SOURCES) $(VENV)/.done
	@$(PY) $(FIT) --work $(B)/fit --block $(BLOCK) --seeds $(SEEDS) $(addprefix --param ,$(PARAMS)) $(FIT_RTL)

#: make bitstream BOARD=ecp5_ulpi CONFIG=full DEVICE_SECRET=FILE    build/fit/BOARD.bit (untried on hardware)
BOARD ?= ecp5_ulpi
CONFIG ?= full
DEVICE_SECRET ?=
.PHONY: bitstream
bitstream: $(RTL_SOURCES) $(B)/fw/coffer.hex $(VENV)/.done
	@$(PY) $(FIT) --work $(B)/fit/$(BOARD) --config $(CONFIG) --top $(BOARD) --lpf rtl/boards/$(BOARD)/$(BOARD).lpf \
		--firmware $(B)/fw/coffer.hex $(addprefix --device-secret ,$(DEVICE_SECRET)) --bitstream $(B)/fit/$(BOARD).bit \
		$(FIT_RTL) rtl/boards/$(BOARD)/$(BOARD).sv
