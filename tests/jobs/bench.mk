# SPDX-License-Identifier: Apache-2.0
# The reference model stands on the AES bench's reference (mbedTLS).
CRYPTO_RTL := rtl/coffer_pkg.sv rtl/aes/aes_pkg.sv rtl/vault/vault_pkg.sv rtl/jobs/job_pkg.sv \
	$(filter-out %_pkg.sv,$(wildcard rtl/aes/*.sv rtl/vault/*.sv rtl/jobs/*.sv))

JOBS_TESTS := $(filter-out %/bench.cpp,$(wildcard tests/jobs/*.cpp))

$(eval $(call bench,jobs,crypto,$(CRYPTO_RTL),-Wno-UNUSEDPARAM tests/jobs/probe.vlt $(addprefix $(CURDIR)/,$(JOBS_TESTS)) \
	-LDFLAGS $(CURDIR)/$(B)/tests/aes_reference.a,$(B)/tests/aes_reference.a tests/jobs/probe.vlt $(JOBS_TESTS) $(wildcard tests/jobs/*.h)))
