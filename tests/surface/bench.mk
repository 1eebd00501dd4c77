# SPDX-License-Identifier: Apache-2.0
SURFACE_RTL := rtl/coffer_pkg.sv rtl/surface/surface_page.sv rtl/surface/surface_pages.sv rtl/surface/surface_records.sv rtl/surface/surface.sv
$(eval $(call bench,surface,surface,$(SURFACE_RTL),-Wno-UNUSEDPARAM -GNPages=32 -GNCtx=4,))
