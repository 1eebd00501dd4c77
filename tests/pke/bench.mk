# SPDX-License-Identifier: Apache-2.0
# The engine under the firmware's own driver; mbedTLS is the reference.
PKE_RTL := $(PKE_CODE_SV) rtl/pke/pke_pkg.sv $(sort $(filter-out %_pkg.sv,$(wildcard rtl/pke/*.sv)))
PKE_MBEDTLS := bignum bignum_core ecp ecp_curves platform platform_util constant_time
PKE_OBJECTS := $(addprefix $(B)/tests/pke.lib/,rsa.o pke.o p256.o reference.o reference_curves.o $(addsuffix .o,$(PKE_MBEDTLS)))
PKE_CFLAGS := $(CFLAGS) -Wall -Wextra -Ifw/include -I$(B)/fw -I$(B)/mbedtls/include -I$(B)/mbedtls/library

$(addprefix $(B)/tests/pke.lib/,rsa.o pke.o p256.o): $(B)/tests/pke.lib/%.o: fw/src/%.c fw/include/rsa.h fw/include/p256.h fw/include/pke.h $(PKE_CODE_H) $(PKE_REGS_H) $(REGS_H)
	@mkdir -p $(@D)
	@$(CC) $(PKE_CFLAGS) -c -o $@ $<
$(B)/tests/pke.lib/reference.o $(B)/tests/pke.lib/reference_curves.o: $(B)/tests/pke.lib/%.o: tests/pke/%.c $(wildcard tests/pke/reference*.h) fw/include/coffer_flash.h $(B)/mbedtls/.version
	@mkdir -p $(@D)
	@$(CC) $(PKE_CFLAGS) -c -o $@ $<
$(addprefix $(B)/tests/pke.lib/,$(addsuffix .o,$(PKE_MBEDTLS))): $(B)/tests/pke.lib/%.o: $(B)/mbedtls/.version
	@mkdir -p $(@D)
	@$(CC) $(PKE_CFLAGS) -c -o $@ $(B)/mbedtls/library/$*.c

$(B)/tests/pke.lib/reference.a: $(PKE_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(B)/tests/pke_vectors.txt: tests/pke/vectors.py tests/pke/model.py fw/pke/microcode.py fw/pke/rsa.py
	@mkdir -p $(@D)
	@python3 tests/pke/vectors.py $@ 1

PKE_BENCH := $(addprefix $(CURDIR)/tests/pke/,engine.cpp curves.cpp)

$(eval $(call bench,pke,pke,$(PKE_RTL),tests/pke/public.vlt $(PKE_BENCH) -LDFLAGS $(CURDIR)/$(B)/tests/pke.lib/reference.a -CFLAGS -I$(CURDIR)/$(B)/fw,$(B)/tests/pke.lib/reference.a $(B)/tests/pke_vectors.txt tests/pke/public.vlt $(PKE_BENCH) $(wildcard tests/pke/*.h)))
