# SPDX-License-Identifier: Apache-2.0
VAULT_RTL := rtl/coffer_pkg.sv rtl/vault/vault_pkg.sv $(filter-out %_pkg.sv,$(wildcard rtl/vault/*.sv))

$(eval $(call bench,vault,vault,$(VAULT_RTL),-Wno-UNUSEDPARAM tests/vault/probe.vlt,tests/vault/probe.vlt))
