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

# Its channels and their MAC, with its own configuration of mbedTLS.
$(HB)/tests/channel: $(wildcard tests/channel/*.c) fw/src/channel.c fw/src/cmac.c fw/mbedtls/small_aes.c $(B)/mbedtls/.version \
		$(wildcard tests/channel/*.h fw/include/*.h host/include/coffer/*.h) fw/mbedtls/coffer_config.h $(REGS_H)
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) -std=c11 $(CFLAGS) -Wall -Wextra $(HOST_SAN) -Ifw/include -I$(FW) -Ihost/include -isystem $(B)/mbedtls/include -I$(B)/mbedtls/library \
		'-DMBEDTLS_CONFIG_FILE="$(CURDIR)/fw/mbedtls/coffer_config.h"' -o $@ $(filter %.c,$^) $(B)/mbedtls/library/constant_time.c $(shell pkg-config --libs cmocka)
TEST_PROGRAMS += $(HB)/tests/channel
