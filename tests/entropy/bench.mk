# SPDX-License-Identifier: Apache-2.0
ENTROPY_RTL := rtl/entropy/entropy_rings.sv rtl/entropy/entropy_seeded.sv rtl/entropy/entropy_health.sv rtl/entropy/entropy.sv
$(eval $(call bench,entropy,entropy_bench,$(ENTROPY_RTL) tests/entropy/entropy_bench.sv,,))
