/* SPDX-License-Identifier: Apache-2.0 */
/* Only compiled: the header's static assertions, for programs of 64 and of 32 bits, with no library around. */
#include "coffer/d3d11ddi.h"

int coffer_layout_is_asserted;
