// SPDX-License-Identifier: Apache-2.0
// The bench of tests/soc on the small CPU (-GSmallCpu=1).
#include "../soc/bench.cpp"
