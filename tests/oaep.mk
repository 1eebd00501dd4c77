# SPDX-License-Identifier: Apache-2.0
# The firmware's OAEP decoder natively, against mbedTLS's encoder.
$(HB)/tests/oaep: tests/oaep/test_oaep.c fw/src/oaep.c fw/include/oaep.h fw/include/coffer_wire.h $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Ifw/include -I$(B)/mbedtls/include -I$(B)/mbedtls/library -o $@ $(filter %.c,$^) $(HOBJ)/libmbedcrypto.a $(shell pkg-config --libs cmocka)
TEST_PROGRAMS += $(HB)/tests/oaep
