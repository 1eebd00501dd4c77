# SPDX-License-Identifier: Apache-2.0
# Parts of the firmware natively: its OAEP decoder, against mbedTLS's encoder.
$(HB)/tests/oaep: tests/oaep/test_oaep.c fw/src/oaep.c fw/include/oaep.h fw/include/coffer_wire.h $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Ifw/include -I$(B)/mbedtls/include -I$(B)/mbedtls/library -o $@ $(filter %.c,$^) $(HOBJ)/libmbedcrypto.a $(shell pkg-config --libs cmocka)
TEST_PROGRAMS += $(HB)/tests/oaep

# Its generator, with the registers as memory.
$(HB)/tests/drbg: tests/oaep/test_drbg.c fw/src/drbg.c fw/include/drbg.h fw/include/board.h $(REGS_H) $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Ifw/include -I$(FW) -I$(B)/mbedtls/include -o $@ $(filter %.c,$^) $(HOBJ)/libmbedcrypto.a $(shell pkg-config --libs cmocka)
TEST_PROGRAMS += $(HB)/tests/drbg
