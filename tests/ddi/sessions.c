/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions from their capabilities to their key exchange, which comes last: the other files need the key. */
#include "client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void create_answers_with_its_four_codes_only(void **state)
{
	const D3D10DDI_HDEVICE nobody = {garbage(4096)};
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	D3D11_1DDIARG_CREATECRYPTOSESSION create = *good_create;
	D3D11_1DDI_HCRYPTOSESSION s = new_session_memory(&a);

	(void)state;
	create.KeyExchangeType = D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC;
	assert_int_equal(a.f.pfnCreateCryptoSession(a.device, &create, s, runtime), D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnCreateCryptoSession(a.device, NULL, s, runtime), D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnCreateCryptoSession(nobody, good_create, s, runtime), D3DDDIERR_DEVICEREMOVED);
	assert_null(CofferCryptoSession(a.device, s));
	free(s.pDrvPrivate);
	free(nobody.pDrvPrivate);
}

void slots_run_out_and_come_back(void **state)
{
	D3D11_1DDI_HCRYPTOSESSION s[40];
	int n = 0;

	(void)state;
	while (n < 40 && create_session(&b, &s[n]) == S_OK)
		n++;
	assert_in_range(n, 1, 39);
	assert_null(CofferCryptoSession(b.device, s[n]));
	b.f.pfnDestroyCryptoSession(b.device, s[0]);
	free(s[0].pDrvPrivate);
	assert_int_equal(create_session(&b, &s[0]), S_OK);
	free(s[n].pDrvPrivate);
	assert_int_equal(create_session(&b, &s[n]), E_OUTOFMEMORY);
	assert_int_equal(b.reports, 0);
	for (int i = 0; i <= n; i++) {
		b.f.pfnDestroyCryptoSession(b.device, s[i]);
		b.f.pfnDestroyCryptoSession(b.device, s[i]); /* nothing any more */
		free(s[i].pDrvPrivate);
	}
}

/* ---- certificate and key exchange --------------------------------------------------------------------------- */

void certificate_is_whole_or_zero(void **state)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};
	const D3D11_1DDI_CERTIFICATE_INFO channel = {
		.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_AUTHENTICATED_CHANNEL,
		.ChannelType = D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE,
	};
	coffer_roots *roots;
	UINT size = 0, again = 0;
	uint8_t *chain;

	(void)state;
	info.CryptoSessionType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	a.f.pfnGetCertificateSize(a.device, &info, &size);
	a.f.pfnGetCertificateSize(a.device, &channel, &again);
	assert_in_range(size, 200, COFFER_CHAIN_MAX_BYTES);
	assert_int_equal(size, again);
	chain = garbage(size + 1);
	a.f.pfnGetCertificate(a.device, &info, size - 1, chain);
	assert_true(all_are(chain, 0, size - 1));
	assert_int_equal(chain[size - 1], GARBAGE);
	a.f.pfnGetCertificate(a.device, &info, size, chain);
	assert_int_equal(chain[size], GARBAGE);
	assert_int_equal(coffer_roots_load(&roots, NULL, NULL), 0);
	assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_RSA, chain, size, &board_key, NULL), 0);
	coffer_roots_free(&roots);
	free(chain);

	info.CryptoSessionType = D3DCRYPTOTYPE_PROPRIETARY;
	a.f.pfnGetCertificateSize(a.device, &info, &size);
	assert_int_equal(size, 0);
}

void blits_before_the_key_exchange_do_nothing(void **state)
{
	uint8_t iv[16] = {0}, key[16];

	(void)state;
	memset(bytes_of(&a, staging), GARBAGE, BYTES);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, sizeof(iv), iv);
	memset(key, GARBAGE, sizeof(key));
	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(key), key);
	assert_true(all_are(key, 0, sizeof(key)));
	memset(iv, GARBAGE, sizeof(iv));
	a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, sizeof(iv), iv);
	assert_true(all_are(iv, 0, sizeof(iv)));
	assert_true(all_are(bytes_of(&a, staging), GARBAGE, BYTES));
	assert_int_equal(a.reports, 0);
}

void key_exchange(void **state)
{
	uint8_t blob[257];

	(void)state;
	assert_non_null(board_key);
	assert_int_equal(coffer_seal_session_key(board_key, session_key, blob), 0);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 255, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 257, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 256, NULL), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, foreign, 256, blob), E_INVALIDARG);
	assert_int_equal(b.f.pfnNegotiateCryptoSessionKeyExchange(b.device, session, 256, blob), E_INVALIDARG);
	for (unsigned int flag = 1; flag; flag <<= 1) {
		const D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAGS flags = flag;

		assert_int_equal(a.f24.pfnNegotiateCryptoSessionKeyExchange(a.device, session, flags, 256, blob),
				 E_INVALIDARG);
		assert_int_equal(a.f24.pfnNegotiateCryptoSessionKeyExchangeMT(a.device, session, flags, 256, blob),
				 E_INVALIDARG);
	}
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 256, blob), S_OK);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 256, blob), E_INVALIDARG);
}

struct negotiation {
	D3D11_1DDI_HCRYPTOSESSION session;
	uint8_t blob[256];
	HRESULT result;
};

static void *negotiate(void *arg)
{
	struct negotiation *n = arg;

	n->result = b.f24.pfnNegotiateCryptoSessionKeyExchangeMT(
		b.device, n->session, D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAG_NONE, sizeof(n->blob), n->blob);
	return NULL;
}

/* WDDM 2.4's entry beside creations and destructions, which are of any thread, too. */
void key_exchange_in_another_thread(void **state)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status;
	D3D11_1DDI_HCRYPTOSESSION s;
	struct negotiation n;
	uint8_t key[16] = {1};
	pthread_t thread;

	(void)state;
	assert_int_equal(create_session(&b, &n.session), S_OK);
	assert_int_equal(coffer_seal_session_key(board_key, key, n.blob), 0);
	assert_int_equal(pthread_create(&thread, NULL, negotiate, &n), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(create_session(&b, &s), S_OK);
		b.f.pfnDestroyCryptoSession(b.device, s);
		free(s.pDrvPrivate);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(n.result, S_OK);
	b.f24.pfnCheckCryptoSessionStatus(b.device, n.session, &status);
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK);
	b.f.pfnDestroyCryptoSession(b.device, n.session);
	free(n.session.pDrvPrivate);
	assert_int_equal(b.reports, 0);
}
