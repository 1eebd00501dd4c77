/* SPDX-License-Identifier: Apache-2.0 */
/* mbedTLS's SHA-512, with one function for what it writes out in ten places. */
#include "common.h" /* of mbedTLS, with its macros */

#include <stdint.h>

__attribute__((noinline)) static void put_be(uint64_t n, unsigned char *to)
{
	for (int i = 8; i-- > 0; n >>= 8)
		to[i] = (unsigned char)n;
}
#undef MBEDTLS_PUT_UINT64_BE
#define MBEDTLS_PUT_UINT64_BE(n, data, offset) put_be(n, (data) + (offset))

#include "sha512.c" /* of mbedTLS */
