# SPDX-License-Identifier: Apache-2.0
# mbedTLS's portable AES, compiled here without its assembler paths, is the reference of the random cases.
AES_RTL := rtl/coffer_pkg.sv rtl/aes/aes_pkg.sv rtl/aes/aes_sbox.sv rtl/aes/aes_round_keys.sv rtl/aes/aes_core.sv

$(B)/tests/aes_reference.a: tests/aes/reference.c tests/aes/reference.h $(B)/mbedtls/.version
	@mkdir -p $(B)/tests
	@$(CC) -O2 -c -Itests/aes -I$(B)/mbedtls/include -I$(B)/mbedtls/library -o $(B)/tests/aes_reference.o $<
	@rm -f $@ && ar rcs $@ $(B)/tests/aes_reference.o

$(eval $(call bench,aes,aes_core,$(AES_RTL),-Wno-UNUSEDPARAM --public-flat-rw -LDFLAGS $(CURDIR)/$(B)/tests/aes_reference.a,$(B)/tests/aes_reference.a tests/aes/reference.h))
