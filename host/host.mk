# SPDX-License-Identifier: Apache-2.0
# libcoffer (shared and static), the command line, the film helper, installation.
# `make SAN=1 host` builds the same with AddressSanitizer and UBSan into build/san, `make SAN=thread host` with
# ThreadSanitizer into build/tsan.

ifeq ($(SAN),thread)
HB := $(B)/tsan
HOST_SAN := -fsanitize=thread
else ifdef SAN
HB := $(B)/san
HOST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
HB := $(B)
HOST_SAN :=
endif
HOBJ := $(HB)/host
SOVERSION := 0

# Put off until they are needed: pkg-config may not be installed before `make setup`.
HOST_CFLAGS = -std=c11 -D_GNU_SOURCE= -DCOFFER_VERSION='"$(VERSION)"' -DCOFFER_SYSCONFDIR='"$(SYSCONFDIR)"' $(CFLAGS) $(WARN) -fPIC \
	-Ihost/include -Ihost/src -Ihost/cli -Ifw/include $(HOST_MBEDTLS_FLAGS) $(shell pkg-config --cflags libusb-1.0) $(HOST_SAN)
HOST_MBEDTLS_FLAGS = -Ihost/mbedtls -isystem $(B)/mbedtls/include -DMBEDTLS_CONFIG_FILE='"coffer_mbedtls.h"'
SYSCONFDIR ?= /etc

HOST_RPATH := -Wl,-rpath,'$$ORIGIN/../lib'

# ---- mbedTLS: hidden, because other versions of it come into the same process by way of libavformat ---------------

HOST_MBEDTLS := aes aesni asn1parse asn1write base64 bignum bignum_core bignum_mod bignum_mod_raw cipher cipher_wrap constant_time \
	ctr_drbg ecdh ecdsa ecp ecp_curves ecp_curves_new entropy entropy_poll error hkdf hmac_drbg md oid pem pk pk_ecc pk_wrap pkparse \
	pkwrite platform platform_util rsa rsa_alt_helpers sha1 sha256 sha512 x509 x509_create x509_crt x509write x509write_crt
HOST_MBEDTLS_O := $(HOST_MBEDTLS:%=$(HOBJ)/mbedtls/%.o)

$(HOBJ)/mbedtls/%.o: $(B)/mbedtls/.version host/mbedtls/coffer_mbedtls.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -D_GNU_SOURCE $(CFLAGS) -w -fPIC -fvisibility=hidden $(HOST_MBEDTLS_FLAGS) $(HOST_SAN) -c $(B)/mbedtls/library/$*.c -o $@

$(HOBJ)/libmbedcrypto.a: $(HOST_MBEDTLS_O)
	@rm -f $@; ar crs $@ $^

# ---- objects ------------------------------------------------------------------------------------------

$(HOBJ)/%.o: host/%.c | $(B)/mbedtls/.version
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(HOST_CFLAGS) -MMD -MP -c $< -o $@

-include $(shell find $(HOBJ) -name '*.d' -not -path '*/mbedtls/*' 2>/dev/null)

# These make identities: they belong to the command line, not to the library. Both read files.
HOST_PROVISION_SRC := host/src/identity.c host/src/provision.c
HOST_LIB_SRC := $(filter-out $(HOST_PROVISION_SRC),$(wildcard host/src/*.c)) $(wildcard host/ddi/*.c)
HOST_CLI_SRC := $(wildcard host/cli/*.c) host/src/files.c $(HOST_PROVISION_SRC)
HOST_FILM_SRC := $(wildcard host/film/*.c) host/cli/common.c host/cli/output.c
HOST_LIB_O := $(HOST_LIB_SRC:host/%.c=$(HOBJ)/%.o)
HOST_CLI_O := $(HOST_CLI_SRC:host/%.c=$(HOBJ)/%.o)
HOST_FILM_O := $(HOST_FILM_SRC:host/%.c=$(HOBJ)/%.o)

# ---- libraries ------------------------------------------------------------------------------------------

$(HB)/lib/libcoffer.so.$(SOVERSION): $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a host/coffer.map
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) -shared -Wl,-soname,libcoffer.so.$(SOVERSION) -Wl,--version-script,host/coffer.map -Wl,--exclude-libs,ALL \
		$(if $(SAN),,-Wl$(comma)-z$(comma)defs) $(HOST_SAN) $(LDFLAGS) -o $@ $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a \
		$(shell pkg-config --libs libusb-1.0) -pthread
	@ln -sf libcoffer.so.$(SOVERSION) $(HB)/lib/libcoffer.so

# One object, in which only the exported names are global: mbedTLS' are nobody else's.
$(HB)/lib/libcoffer.a: $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a host/coffer.map
	@mkdir -p $(@D)
	@echo "  AR $@"
	@ld -r -o $(HOBJ)/libcoffer.o $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a
	@sed -n 's/^\t\t\([A-Za-z]\w*\);$$/\1/p' host/coffer.map > $(HOBJ)/exported
	@objcopy --keep-global-symbols=$(HOBJ)/exported $(HOBJ)/libcoffer.o
	@rm -f $@; ar crs $@ $(HOBJ)/libcoffer.o

comma := ,

# ---- programs -------------------------------------------------------------------------------------------

$(HB)/bin/coffer: $(HOST_CLI_O) $(HB)/lib/libcoffer.so.$(SOVERSION) $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(HOST_SAN) $(LDFLAGS) -Wl,--exclude-libs,ALL -o $@ $(HOST_CLI_O) $(HB)/lib/libcoffer.so.$(SOVERSION) \
		$(HOBJ)/libmbedcrypto.a $(HOST_RPATH) $(shell pkg-config --libs libcjson) -pthread

# The only program that links libav, which is GPL on Debian; left out where its headers are missing.
$(HOBJ)/film/%.o: HOST_CFLAGS += $(shell pkg-config --cflags libavformat libavcodec libavutil 2>/dev/null)
$(HB)/bin/coffer-film: $(HOST_FILM_O) $(HB)/lib/libcoffer.so.$(SOVERSION)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(HOST_SAN) $(LDFLAGS) -o $@ $(HOST_FILM_O) $(HB)/lib/libcoffer.so.$(SOVERSION) $(HOST_RPATH) \
		$(shell pkg-config --libs libavformat libavcodec libavutil libcjson) -pthread

.PHONY: host-film
host-film: $(if $(shell pkg-config --exists libavformat libavcodec libavutil && echo yes),$(HB)/bin/coffer-film,host-no-film)
.PHONY: host-no-film
host-no-film:
	@echo "coffer-film is left out: the headers of libavformat are not installed"

HOST_PROGRAMS := $(HB)/lib/libcoffer.so.$(SOVERSION) $(HB)/lib/libcoffer.a $(HB)/bin/coffer host-film
PROGRAMS += $(HOST_PROGRAMS)

#: make SAN=1 host       library and programs with AddressSanitizer and UBSan, in build/san (SAN=thread: ThreadSanitizer, build/tsan)
.PHONY: host
host: $(HOST_PROGRAMS)

# ---- tests: tests/host/*.c, each a program ---------------------------------------------------------------------

HOST_TESTS := $(patsubst tests/host/%.c,$(HB)/tests/host/%,$(wildcard tests/host/*.c))
$(HB)/tests/host/%: tests/host/%.c $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(HOST_CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a $(shell pkg-config --libs cmocka libusb-1.0) -pthread
TEST_PROGRAMS += $(HOST_TESTS)
-include $(wildcard $(HB)/tests/host/*.d)

.PHONY: host-tests
host-tests: $(HOST_TESTS)

# The same again under the sanitizers, for the tests.
ifndef SAN
.PHONY: host-sanitized
host-sanitized: $(HOST_PROGRAMS)
	@$(MAKE) -s --no-print-directory SAN=1 host host-tests
	@$(MAKE) -s --no-print-directory SAN=thread $(B)/tsan/tests/host/races $(B)/tsan/tests/host/pool
TEST_PROGRAMS += host-sanitized
endif

# ---- udev: whoever sits at the machine may open its boards ---------------------------------------------------

$(B)/host/70-coffer.rules: fw/include/coffer_device.h
	@mkdir -p $(@D)
	@awk '$$2 == "COFFER_USB_VENDOR_ID" { v = tolower(substr($$3, 3)) } $$2 == "COFFER_USB_PRODUCT_ID" { p = tolower(substr($$3, 3)) } \
		END { if (v == "" || p == "") exit 1; \
		print "# Coffer boards (made from fw/include/coffer_device.h)"; \
		print "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"" v "\", ATTR{idProduct}==\"" p "\", TAG+=\"uaccess\"" }' $< > $@

# ---- installation -----------------------------------------------------------------------------------------

#: make install          DESTDIR= PREFIX=/usr/local: programs, libraries, headers, manual page, udev rule, virtual board
.PHONY: install
install: $(HOST_PROGRAMS) $(B)/host/70-coffer.rules $(B)/bin/coffer-board $(B)/lib/coffer-preload.so $(B)/fw/coffer.hex
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib/pkgconfig lib/coffer lib/udev/rules.d include/coffer share/coffer share/man/man1)
	install -m 755 $(wildcard $(B)/bin/coffer $(B)/bin/coffer-film $(B)/bin/coffer-board*) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/lib/libcoffer.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib
	ln -sf libcoffer.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib/libcoffer.so
	install -m 644 $(B)/lib/libcoffer.a $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(B)/lib/coffer-preload.so $(DESTDIR)$(PREFIX)/lib/coffer
	install -m 644 $(B)/fw/coffer.hex $(DESTDIR)$(PREFIX)/share/coffer
	install -m 644 host/include/coffer/*.h fw/include/coffer_wire.h $(DESTDIR)$(PREFIX)/include/coffer
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' host/coffer.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/coffer.pc
	install -m 644 $(wildcard docs/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(B)/host/70-coffer.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d
