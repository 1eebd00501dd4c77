# SPDX-License-Identifier: Apache-2.0
$(eval $(call bench,soc_small,soc,$(SOC_RTL),$(SOC_FLAGS) --prefix Vsoc -GSmallCpu=1,$(B)/tests/soc.hex $(B)/tests/soc-flash.bin tests/soc/bench.cpp $(wildcard verilator/spi_flash.*)))
