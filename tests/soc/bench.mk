# SPDX-License-Identifier: Apache-2.0
# The SoC alone with a program of its own; soc and soc_small have the two variants of the CPU.
SOC_RTL := rtl/waivers.vlt rtl/coffer_pkg.sv $(filter-out %luna_usb.v,$(RTL_GENERATED)) $(sort $(wildcard rtl/soc/*.sv))
SOC_FLAGS := -Wno-UNUSEDPARAM -GSimulated=1 $(CURDIR)/verilator/spi_flash.cpp

SOC_PROGRAM := tests/soc/program.c fw/src/board.c fw/src/oaep.c
SOC_MBEDTLS := $(addprefix $(B)/mbedtls/library/,sha512.c constant_time.c)

$(B)/tests/soc.hex: $(SOC_PROGRAM) fw/src/start.S fw/coffer.ld fw/include/board.h fw/include/oaep.h $(REGS_H) $(B)/mbedtls/.version
	@mkdir -p $(@D)
	@$(RV)gcc $(FW_CFLAGS) $(FW_LDFLAGS) fw/src/start.S $(SOC_PROGRAM) $(SOC_MBEDTLS) -o $(B)/tests/soc.elf
	@$(RV)objcopy -O binary $(B)/tests/soc.elf $(B)/tests/soc.bin
	@$(PY) fw/bin2hex.py $(B)/tests/soc.bin > $@

# Bytes of the record's place in the flash: each word's low half tells its address.
$(B)/tests/soc-flash.bin:
	@mkdir -p $(@D)
	@printf '\000\001\002\003\004\005\006\007\010\011\012\013' > $@

$(eval $(call bench,soc,soc,$(SOC_RTL),$(SOC_FLAGS),$(B)/tests/soc.hex $(B)/tests/soc-flash.bin $(wildcard verilator/spi_flash.*)))
