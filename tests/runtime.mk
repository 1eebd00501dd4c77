# SPDX-License-Identifier: Apache-2.0
# The stand-in for the Direct3D runtime, and drivers to try with it: libcoffer, and one that protects nothing.
# docs/ddi.md says how it is used. Its free() is its own, to see a driver free what is the runtime's.

$(B)/tests/runtime: $(filter-out tests/runtime/driver_%,$(wildcard tests/runtime/*.c)) $(wildcard tests/runtime/*.h) tests/host/omac.h \
		$(wildcard host/include/coffer/d3d11ddi*.h) $(B)/host/libmbedcrypto.a
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(HOST_CFLAGS) -Wno-missing-prototypes -fno-builtin-free -Itests/host -o $@ $(filter %.c,$^) $(B)/host/libmbedcrypto.a -ldl -pthread
$(B)/tests/driver_coffer.so: tests/runtime/driver_coffer.c tests/runtime/driver.h $(B)/lib/libcoffer.so.$(SOVERSION)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(HOST_CFLAGS) -shared -o $@ $< $(B)/lib/libcoffer.so.$(SOVERSION) -Wl,-rpath,'$$ORIGIN/../lib'
$(B)/tests/driver_none.so: tests/runtime/driver_none.c tests/runtime/driver.h
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(HOST_CFLAGS) -shared -o $@ $<
TEST_PROGRAMS += $(B)/tests/runtime $(B)/tests/driver_coffer.so $(B)/tests/driver_none.so
