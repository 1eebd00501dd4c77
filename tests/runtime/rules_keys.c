/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and the key exchange RSAES_OAEP. */
#include "suite.h"

#include <pthread.h>
#include <string.h>

/* ---- certificates --------------------------------------------------------------------------------------------------- */

static D3D11_1DDI_CERTIFICATE_INFO of_type(const GUID *type)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};

	info.CryptoSessionType = *type;
	return info;
}

static void certificate_is_good(void)
{
	NEEDS_SESSION;
	(void)take_certificate();
}

static void certificate_is_whole_or_zero(void)
{
	const D3D11_1DDI_CERTIFICATE_INFO info = of_type(&s.create.CryptoType);
	static const int off[] = {-1, 1, -100};
	uint8_t *chain;
	UINT size = 0;

	NEEDS_SESSION;
	TELL(&a, pfnGetCertificateSize, &info, &size);
	DEMAND(size > 100, "there is no certificate");
	for (size_t i = 0; i < 3; i++) {
		const UINT wrong = size + (UINT)off[i];

		chain = runtime_memory(wrong, GARBAGE);
		TELL(&a, pfnGetCertificate, &info, wrong, chain);
		DEMAND(all_are(chain, 0, wrong), "with a buffer of %u bytes instead of %u it is not zero", wrong, size);
	}
}

static void certificates_are_of_known_types(void)
{
	const D3D11_1DDI_CERTIFICATE_INFO info =
		of_type(&D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION); /* no crypto type */
	UINT size = 77;

	NEEDS_ENTRIES;
	TELL(&a, pfnGetCertificateSize, &info, &size);
	DEMAND(!size, "an unknown crypto type has a certificate of %u bytes", size);
}

/* ---- key exchange ------------------------------------------------------------------------------------------------------ */

static bool has_key(D3D11_1DDI_HCRYPTOSESSION session)
{
	uint8_t wrapped[16] = {0};

	TELL(&a, pfnGetEncryptionBltKey, session, sizeof(wrapped), wrapped);
	return !all_are(wrapped, 0, sizeof(wrapped));
}

static void blob_is_of_256_bytes(void)
{
	static const UINT wrong[] = {0, 1, 128, 255, 257, 512};
	D3D11_1DDI_HCRYPTOSESSION session;
	uint8_t blob[512], key[16];
	HRESULT result;

	NEEDS_SESSION;
	DEMAND(create_session(&a, &s.create, GARBAGE, &session) == S_OK, "no second session");
	random_bytes(key, sizeof(key));
	memset(blob, 0, sizeof(blob));
	DEMAND(seal(key, sizeof(key), true, blob), "the certificate's key takes no blob");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		result = negotiate(&a, session, wrong[i], blob);
		DEMAND(result == E_INVALIDARG, "%u bytes: %s", wrong[i], name_of(result));
	}
	DEMAND(!has_key(session), "a refused exchange leaves a key");
}

static void bad_blobs_are_alike(void)
{
	uint8_t blobs[2][256], plain[32];
	D3D11_1DDI_HCRYPTOSESSION session;
	HRESULT result;

	NEEDS_SESSION;
	DEMAND(create_session(&a, &s.create, GARBAGE, &session) == S_OK, "no second session");
	random_bytes(plain, sizeof(plain));
	DEMAND(seal(plain, 16, false, blobs[0]) && seal(plain, 32, true, blobs[1]),
	       "the certificate's key takes no blob");
	for (size_t i = 0; i < 2; i++) {
		static const char *const what[] = {"SHA-1", "a key of 32 bytes"};

		result = negotiate(&a, session, 256, blobs[i]);
		DEMAND(result == E_INVALIDARG, "%s: %s", what[i], name_of(result));
	}
	DEMAND(!has_key(session), "a refused exchange leaves a key");
}

/* Whatever the driver says about a second exchange, its session has the key that follows from it. */
static void second_exchange_is_defined(void)
{
	uint8_t blob[256], key[16], was[16], picture[BYTES];
	HRESULT result;

	NEEDS_BLITS;
	random_bytes(key, sizeof(key));
	memcpy(was, s.key, sizeof(was));
	DEMAND(seal(key, sizeof(key), true, blob), "the certificate's key takes no blob");
	result = negotiate(&a, s.session, sizeof(blob), blob);
	memcpy(s.key, result == S_OK ? key : was, sizeof(s.key));
	if (!put(picture, result == S_OK ? "it is S_OK, and the session keeps its key"
					 : "it is refused, and the session has another key")) {
		memcpy(s.key, was, sizeof(was));
	}
}

static void exchange_takes_flags(void)
{
	D3D11_1DDI_HCRYPTOSESSION session;
	uint8_t blob[256], key[16];
	HRESULT result;

	NEEDS_SESSION;
	NEEDS_TABLE(D3DWDDM2_4DDI_VIDEO_FUNCTIONS);
	DEMAND(create_session(&a, &s.create, GARBAGE, &session) == S_OK, "no second session");
	random_bytes(key, sizeof(key));
	DEMAND(seal(key, sizeof(key), true, blob), "the certificate's key takes no blob");
	result = negotiate_by(&a, D3DWDDM2_4DDI_VIDEO_FUNCTIONS, session, sizeof(blob), blob);
	DEMAND(result == S_OK, "with flags NONE: %s", name_of(result));
}

struct exchange {
	D3D11_1DDI_HCRYPTOSESSION session;
	uint8_t blob[256];
	HRESULT result;
};

static void *exchange(void *arg)
{
	struct exchange *e = arg;

	e->result = ASK(&b, pfnNegotiateCryptoSessionKeyExchangeMT, e->session,
			D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAG_NONE, sizeof(e->blob), e->blob);
	return NULL;
}

static void exchange_in_any_thread(void)
{
	D3D11_1DDI_HCRYPTOSESSION session;
	HRESULT result = S_OK;
	uint8_t key[16];
	pthread_t thread;
	struct exchange e;

	NEEDS_SESSION;
	NEEDS_TABLE(D3DWDDM2_4DDI_VIDEO_FUNCTIONS);
	DEMAND(create_session(&b, &s.create, GARBAGE, &e.session) == S_OK, "no second session");
	random_bytes(key, sizeof(key));
	DEMAND(seal(key, sizeof(key), true, e.blob), "the certificate's key takes no blob");
	DEMAND(!pthread_create(&thread, NULL, exchange, &e), "no threads");
	for (int i = 0; i < 4 && result == S_OK; i++) {
		result = create_session(&b, &s.create, GARBAGE, &session);
		destroy_session(&b, session);
	}
	pthread_join(thread, NULL);
	DEMAND(e.result == S_OK, "beside Create and Destroy: %s", name_of(e.result));
	DEMAND(result == S_OK, "Create beside it: %s", name_of(result));
}

static void nothing_works_without_key(void)
{
	uint8_t key[16], random[16], iv[16];
	D3D11_1DDI_HCRYPTOSESSION session;
	D3D10DDI_HRESOURCE surface;

	NEEDS_SESSION;
	DEMAND(create_session(&a, &s.create, GARBAGE, &session) == S_OK, "no second session");
	DEMAND(create_resource(&a, true, session, WIDTH, HEIGHT, &surface) == S_OK, "no surface");
	memset(key, GARBAGE, sizeof(key));
	memset(random, GARBAGE, sizeof(random));
	memset(iv, GARBAGE, sizeof(iv));
	memset(bytes_of(&a, s.staging), GARBAGE, BYTES);
	TELL(&a, pfnDecryptionBlt, session, s.staging, surface, NULL, 0, NULL, sizeof(iv), iv);
	TELL(&a, pfnGetEncryptionBltKey, session, sizeof(key), key);
	DEMAND(all_are(key, 0, sizeof(key)), "GetEncryptionBltKey gives a key, or nothing");
	TELL(&a, pfnStartSessionKeyRefresh, session, sizeof(random), random);
	DEMAND(all_are(random, 0, sizeof(random)), "StartSessionKeyRefresh gives a number, or nothing");
	TELL(&a, pfnFinishSessionKeyRefresh, session);
	TELL(&a, pfnEncryptionBlt, session, surface, s.staging, sizeof(iv), iv);
	DEMAND(all_are(iv, 0, sizeof(iv)), "EncryptionBlt makes an IV, or nothing");
	DEMAND(all_are(bytes_of(&a, s.staging), GARBAGE, BYTES), "EncryptionBlt writes");
	DEMAND(!a.reports, "what the application did wrong is reported");
}

static const struct rule keys[] = {
	{"certificate-is-a-chain", "X.509 in DER, leaf first, each signed by the next; the leaf's key is RSA-2048",
	 "GetCertificate", certificate_is_good},
	{"certificate-whole-or-zero", "a buffer of another size than the certificate's is zeroed",
	 "docs/ddi.md; no document speaks", certificate_is_whole_or_zero},
	{"certificate-of-known-types", "an unknown crypto type has a certificate of size 0", "GetCertificateSize",
	 certificates_are_of_known_types},
	{"negotiate-256-only", "a blob of another size than 256 bytes is E_INVALIDARG",
	 "NegotiateCryptoSessionKeyExchange", blob_is_of_256_bytes},
	{"negotiate-bad-blobs-alike", "a blob made with SHA-1, a key of another size: all E_INVALIDARG, and no key",
	 "NegotiateCryptoSessionKeyExchange; RFC 8017, section 7.1.2", bad_blobs_are_alike},
	{"second-negotiate-defined", "a second exchange is refused and changes nothing, or replaces the key",
	 "docs/ddi.md; no document speaks", second_exchange_is_defined},
	{"negotiate-takes-flags", "slot 65 of WDDM 2.4's table takes flags", "D3DWDDM2_4DDI_VIDEODEVICEFUNCS",
	 exchange_takes_flags},
	{"negotiate-any-thread", "the exchange of WDDM 2.4 for any thread works beside Create and Destroy",
	 "NegotiateCryptoSessionKeyExchangeMT", exchange_in_any_thread},
	{"nothing-without-key", "before its key exchange a session gives nothing, and says nothing",
	 "docs/ddi.md; no document speaks", nothing_works_without_key},
};
RULES(key_rules, keys);
