/* SPDX-License-Identifier: Apache-2.0 */
#define MBEDTLS_AES_C
