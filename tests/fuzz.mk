# SPDX-License-Identifier: Apache-2.0
# libFuzzer programs, natively, under AddressSanitizer and UBSan: build/fuzz/NAME reads inputs of tests/fuzz/corpus/NAME.
#   firmware  the firmware's requests, on a model of the registers       host  the library's reading of answers
#   chain     certificate chains and roots
FUZZ := $(B)/fuzz
FUZZERS := firmware host chain
FUZZ_SECONDS ?= 600

FUZZ_CC := clang-14
FUZZ_SAN := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE -O1 -g $(WARN) -Ifw/include -I$(B)/mbedtls/include $(FUZZ_SAN)
FUZZ_HOST_CFLAGS = -Ihost/include -Ihost/src $(FUZZ_CFLAGS) -DCOFFER_VERSION='"$(VERSION)"' -DCOFFER_SYSCONFDIR='"$(SYSCONFDIR)"' \
	$(HOST_MBEDTLS_FLAGS) $(shell pkg-config --cflags libusb-1.0)
FUZZ_HOST_SRC := $(filter-out host/src/identity.c host/src/provision.c,$(wildcard host/src/*.c))
FUZZ_LIBS = $(HOST_MBEDTLS:%=$(FUZZ)/mbedtls/%.o) $(shell pkg-config --libs libusb-1.0) -pthread

# irq.c comes with firmware.c, channel.c with application.c; tests/fuzz/firmware/board.c stands in for the others. mbedTLS is
# the firmware's.
FUZZ_FW_SRC := $(filter-out $(patsubst %,fw/src/%.c,board channel drbg flash identity irq main oaep p256 pke pke_bus rsa),$(FW_SOURCES)) \
	fw/mbedtls/small_aes.c $(FW_MBEDTLS)/library/constant_time.c $(FW_MBEDTLS)/library/sha256.c
$(FUZZ)/firmware: tests/fuzz/firmware.c $(wildcard tests/fuzz/firmware/*) $(FW_SOURCES) $(wildcard fw/include/*.h fw/mbedtls/*) $(REGS_H) \
		$(B)/mbedtls/.version | $(FW)/build_info.h
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(FUZZ_CC) -Itests/fuzz/firmware -I$(FW) -isystem $(FW_MBEDTLS)/include -isystem $(FW_MBEDTLS)/library \
		'-DMBEDTLS_CONFIG_FILE="$(CURDIR)/fw/mbedtls/coffer_config.h"' $(FUZZ_CFLAGS) -o $@ tests/fuzz/firmware.c $(wildcard tests/fuzz/firmware/*.c) $(FUZZ_FW_SRC)

# context.c comes with host.c. The clock and what blocks are the fuzzer's.
$(FUZZ)/host: tests/fuzz/host.c $(wildcard tests/fuzz/host/*) $(FUZZ_HOST_SRC) $(wildcard host/src/*.h host/include/coffer/*.h fw/include/coffer_*.h) $(HOST_MBEDTLS:%=$(FUZZ)/mbedtls/%.o)
	@echo "  CC $@"
	@$(FUZZ_CC) $(FUZZ_HOST_CFLAGS) -Dclock_gettime=fuzz_gettime -Dpthread_cond_wait=fuzz_wait -Dpthread_cond_timedwait=fuzz_timedwait \
		-o $@ tests/fuzz/host.c tests/fuzz/host/usb.c $(filter-out host/src/context.c,$(FUZZ_HOST_SRC)) $(FUZZ_LIBS)

$(FUZZ)/chain: tests/fuzz/chain.c $(FUZZ_HOST_SRC) $(wildcard host/src/*.h host/include/coffer/*.h fw/include/coffer_*.h) $(HOST_MBEDTLS:%=$(FUZZ)/mbedtls/%.o)
	@echo "  CC $@"
	@$(FUZZ_CC) $(FUZZ_HOST_CFLAGS) -DFUZZ_ROOT='"tests/fuzz/root.pem"' -o $@ tests/fuzz/chain.c $(FUZZ_HOST_SRC) $(FUZZ_LIBS)

$(FUZZ)/mbedtls/%.o: $(B)/mbedtls/.version host/mbedtls/coffer_mbedtls.h
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_CFLAGS) $(HOST_MBEDTLS_FLAGS) -w -c $(B)/mbedtls/library/$*.c -o $@

TEST_PROGRAMS += $(FUZZERS:%=$(FUZZ)/%)

#: make fuzz             each fuzzer for FUZZ_SECONDS=600; what is new goes to build/fuzz/corpus, findings to build/fuzz
.PHONY: fuzz fuzz-minimize
fuzz: setup
	@$(AGAIN) $(FUZZERS:%=$(FUZZ)/%)
	@for f in $(FUZZERS); do \
		mkdir -p $(FUZZ)/corpus/$$f; \
		$(FUZZ)/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=60 -print_final_stats=1 -artifact_prefix=$(FUZZ)/$$f- \
			$(FUZZ)/corpus/$$f tests/fuzz/corpus/$$f; \
	done

# The corpus of `chain` is made by hand: mbedTLS' own branches would fill it.
#: make fuzz-minimize    tests/fuzz/corpus (firmware, host) from what `make fuzz` found: as few files as reach all of the code
fuzz-minimize:
	@for f in firmware host; do \
		rm -rf $(FUZZ)/least/$$f; mkdir -p $(FUZZ)/least/$$f; \
		$(FUZZ)/$$f -set_cover_merge=1 -use_counters=0 -use_cmp=0 $(FUZZ)/least/$$f tests/fuzz/corpus/$$f $(FUZZ)/corpus/$$f; \
		rm -rf tests/fuzz/corpus/$$f; cp -r $(FUZZ)/least/$$f tests/fuzz/corpus/$$f; \
	done
