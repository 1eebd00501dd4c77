/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of rules, and those that rules share. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device a, b;
struct suite s;
const struct runtime_driver *sound;
D3DWDDM2_4DDI_VIDEODEVICEFUNCS sound_f;

/* ---- objects ---------------------------------------------------------------------------------------------------- */

enum kind { SESSION, RESOURCE, CHANNEL };

static struct object {
	enum kind kind;
	struct device *device;
	void *memory; /* NULL: destroyed */
} objects[1024];
static size_t count, kept;

static HRESULT created(enum kind kind, struct device *d, void *memory, HRESULT result)
{
	if (result != S_OK || count == sizeof(objects) / sizeof(objects[0]))
		runtime_memory_is_dead(memory);
	else
		objects[count++] = (struct object){kind, d, memory};
	return result;
}

static void destroy(struct device *d, void *memory)
{
	for (size_t i = 0; i < count; i++) {
		if (objects[i].memory != memory)
			continue;
		if (objects[i].kind == SESSION) {
			TELL(d, pfnDestroyCryptoSession, (D3D11_1DDI_HCRYPTOSESSION){memory});
		} else if (objects[i].kind == CHANNEL) {
			TELL(d, pfnDestroyAuthenticatedChannel, (D3D11_1DDI_HAUTHCHANNEL){memory});
		} else {
			runtime_entered(d, "DestroyResource", false);
			d->driver->destroy_resource(d->handle, (D3D10DDI_HRESOURCE){memory});
			(void)runtime_left(d, S_OK);
		}
		objects[i].memory = NULL;
		runtime_memory_is_dead(memory);
	}
}

/* The latest first: resources go before their session. */
static void destroy_down_to(size_t these)
{
	for (; count > these; count--)
		if (objects[count - 1].memory)
			destroy(objects[count - 1].device, objects[count - 1].memory);
}

HRESULT create_session(struct device *d, const D3D11_1DDIARG_CREATECRYPTOSESSION *what, uint8_t fill,
		       D3D11_1DDI_HCRYPTOSESSION *made)
{
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {&s};

	made->pDrvPrivate = runtime_memory(d->f.pfnCalcPrivateCryptoSessionSize(d->handle, what), fill);
	return created(SESSION, d, made->pDrvPrivate, ASK(d, pfnCreateCryptoSession, what, *made, runtime));
}

void destroy_session(struct device *d, D3D11_1DDI_HCRYPTOSESSION session)
{
	destroy(d, session.pDrvPrivate);
}

HRESULT create_resource(struct device *d, bool is_protected, D3D11_1DDI_HCRYPTOSESSION session, UINT width, UINT height,
			D3D10DDI_HRESOURCE *made)
{
	const struct runtime_resource what = {is_protected, width, height, session};

	made->pDrvPrivate = runtime_memory(d->driver->calc_resource_size(d->handle, &what), GARBAGE);
	runtime_entered(d, "CreateResource", true);
	return created(RESOURCE, d, made->pDrvPrivate,
		       runtime_left(d, d->driver->create_resource(d->handle, &what, *made)));
}

HRESULT create_channel(struct device *d, D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE type, struct channel *made)
{
	const D3D11_1DDI_HRTAUTHCHANNEL runtime = {&s};
	D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL what = {type, &what};
	HRESULT result;

	*made = (struct channel){.device = d};
	made->handle.pDrvPrivate =
		runtime_memory(d->f.pfnCalcPrivateAuthenticatedChannelSize(d->handle, &what), GARBAGE);
	result = ASK(d, pfnCreateAuthenticatedChannel, &what, made->handle, runtime);
	made->name = what.hChannel;
	return created(CHANNEL, d, made->handle.pDrvPrivate, result);
}

uint8_t *bytes_of(struct device *d, D3D10DDI_HRESOURCE staging)
{
	void *bytes = NULL;

	if (d->driver->map_resource(d->handle, staging, &bytes) == S_OK && bytes)
		return bytes;
	fprintf(stderr, "the driver does not map its own staging resource\n");
	exit(2);
}

/* ---- key exchange -------------------------------------------------------------------------------------------------- */

HRESULT negotiate_by(struct device *d, UINT32 id, D3D11_1DDI_HCRYPTOSESSION session, UINT bytes, void *blob)
{
	const struct table *table = runtime_table(d, id);
	PFND3D11_1DDI_NEGOTIATECRYPTOSESSIONKEYESCHANGE plain;
	PFND3DWDDM2_4DDI_NEGOTIATECRYPTOSESSIONKEYEXCHANGE with_flags;
	void *const slot = table->slot[SLOT(pfnNegotiateCryptoSessionKeyExchange) / sizeof(void *)];

	memcpy(&plain, &slot, sizeof(plain));
	memcpy(&with_flags, &slot, sizeof(with_flags));
	runtime_entered(d, "pfnNegotiateCryptoSessionKeyExchange", true);
	if (id == D3DWDDM2_4DDI_VIDEO_FUNCTIONS)
		return runtime_left(d, with_flags(d->handle, session,
						  D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAG_NONE, bytes, blob));
	return runtime_left(d, plain(d->handle, session, bytes, blob));
}

HRESULT negotiate(struct device *d, D3D11_1DDI_HCRYPTOSESSION session, UINT bytes, void *blob)
{
	UINT32 id = d->id;

	for (size_t i = 0; i < TABLES; i++) /* 11.1's, if it is there */
		if (d->tables[i].is_there)
			id = d->tables[i].id;
	return negotiate_by(d, id, session, bytes, blob);
}

D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE channel_type(void)
{
	return s.caps.Caps & CAP(HARDWARE) ? D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE
					   : D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_SOFTWARE;
}

static const char *fetch_certificate(D3D11_1DDI_CERTIFICATE_TYPE type)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = type};
	const char *trouble;
	UINT bytes = 0;
	uint8_t *chain;

	if (type == D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION)
		info.CryptoSessionType = s.create.CryptoType;
	else
		info.ChannelType = channel_type();
	TELL(&a, pfnGetCertificateSize, &info, &bytes);
	if (!bytes || bytes > 1 << 20)
		return "there is no certificate";
	chain = runtime_memory(bytes, GARBAGE);
	TELL(&a, pfnGetCertificate, &info, bytes, chain);
	trouble = read_chain(chain, bytes);
	runtime_memory_is_dead(chain);
	return trouble;
}

bool take_certificate(void)
{
	const char *trouble = fetch_certificate(D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION);

	if (trouble)
		failed("%s", trouble);
	return !trouble;
}

static const char *make_session(void)
{
	const char *trouble = fetch_certificate(D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION);
	uint8_t blob[256];

	if (trouble)
		return trouble;
	random_bytes(s.key, sizeof(s.key));
	if (!seal(s.key, sizeof(s.key), true, blob))
		return "the certificate's key takes no blob";
	if (create_session(&a, &s.create, GARBAGE, &s.session) != S_OK)
		return "it cannot be created";
	if (create_resource(&a, false, s.session, WIDTH, HEIGHT, &s.staging) != S_OK ||
	    create_resource(&a, true, s.session, WIDTH, HEIGHT, &s.surface) != S_OK)
		return "its resources cannot be created";
	return negotiate(&a, s.session, sizeof(blob), blob) == S_OK ? NULL : "its key exchange is refused";
}

static const char *make_foreign(void)
{
	if (create_session(&b, &s.create, GARBAGE, &s.foreign) != S_OK)
		return "the second device's cannot be created";
	if (create_resource(&b, false, s.foreign, WIDTH, HEIGHT, &s.foreign_staging) != S_OK ||
	    create_resource(&b, true, s.foreign, WIDTH, HEIGHT, &s.foreign_surface) != S_OK)
		return "the second device's resources cannot be created";
	return NULL;
}

/* Its certificate may be another one than the session's, which is fetched again for those to come. */
static const char *make_channel(struct channel *channel)
{
	const char *trouble = fetch_certificate(D3D11_1DDI_CERTIFICATE_TYPE_AUTHENTICATED_CHANNEL);
	uint8_t blob[256];

	if (trouble)
		return trouble;
	if (create_channel(&a, channel_type(), channel) != S_OK)
		return "it cannot be created";
	random_bytes(channel->key, sizeof(channel->key));
	if (!seal(channel->key, sizeof(channel->key), true, blob) ||
	    ASK(&a, pfnNegotiateAuthenticatedChannelKeyExchange, channel->handle, sizeof(blob), blob) != S_OK)
		return "its key exchange is refused";
	return fetch_certificate(D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION);
}

/* ---- set-up ----------------------------------------------------------------------------------------------------------- */

static bool finds_oaep(void)
{
	GUID type;

	for (UINT i = 0; i < s.caps.KeyExchangeTypeCount; i++)
		if (ASK(&a, pfnGetCryptoKeyExchangeType, &s.create.CryptoType, &NULL_GUID, i, &type) == S_OK &&
		    !memcmp(&type, &D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP, sizeof(type)))
			return true;
	return false;
}

static bool has_entries(const struct device *d)
{
	const void *slot[MOST_SLOTS];

	memcpy(slot, &d->f, sizeof(slot));
	for (size_t i = SLOT(pfnGetContentProtectionCaps); i <= SLOT(pfnCryptoSessionGetHandle); i += sizeof(void *))
		if (!slot[i / sizeof(void *)] || slot[i / sizeof(void *)] == poison)
			return false;
	return true;
}

bool suite_set_up(const struct runtime_driver *driver)
{
	sound = driver;
	if (!runtime_open(&a, driver) || !runtime_open(&b, driver))
		return false;
	sound_f = a.f;
	s.create.CryptoType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	s.create.KeyExchangeType = D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP;
	s.is_callable = has_entries(&a);
	s.is_supported = s.is_callable &&
			 ASK(&a, pfnGetContentProtectionCaps, &s.create.CryptoType, &NULL_GUID, &s.caps) == S_OK &&
			 finds_oaep();
	if (!s.is_supported)
		return true;
	s.trouble = make_session();
	if (!s.trouble)
		s.trouble = make_foreign();
	s.is_negotiated = !s.trouble;
	while (s.is_negotiated && driver->lose_device && s.spares < sizeof(s.spare) / sizeof(s.spare[0]) &&
	       create_session(&a, &s.create, GARBAGE, &s.spare[s.spares]) == S_OK)
		s.spares++;
	if (s.is_negotiated) {
		s.channel_trouble = make_channel(&s.channel);
		s.has_channel = !s.channel_trouble;
	}
	kept = count;
	return true;
}

void suite_tear_down(void)
{
	destroy_down_to(0);
	runtime_close(&a);
	runtime_close(&b);
	forget_chain();
}

void suite_use(const struct runtime_driver *driver)
{
	a.driver = b.driver = driver;
	runtime_retrieve(&a);
	runtime_retrieve(&b);
}

/* ---- after a rule ------------------------------------------------------------------------------------------------------ */

static bool key_is(const uint8_t key[16])
{
	uint8_t was[16], picture[BYTES], seen[BYTES];
	bool good;

	memcpy(was, s.key, sizeof(was));
	memcpy(s.key, key, sizeof(s.key));
	good = put(picture, GOES_IN) && see(seen) && !memcmp(picture, seen, BYTES);
	if (!good)
		memcpy(s.key, was, sizeof(was));
	return good;
}

/* A mutant may have let the key go on without telling. */
static bool find_key(void)
{
	uint8_t key[16];

	for (unsigned int which = 0; which < 4; which++) {
		for (int i = 0; i < 16; i++)
			key[i] = s.key[i] ^ (which & 1 ? s.random[i] : 0) ^ (which & 2 ? s.hidden[i] : 0);
		if (key_is(key))
			return true;
	}
	return false;
}

void suite_sweep(void)
{
	destroy_down_to(kept);
}

bool suite_restore(void)
{
	bool has_key;

	suite_sweep();
	if (a.is_lost || !s.is_negotiated || !(s.caps.Caps & CAP(DECRYPTION_BLT)) ||
	    !(s.caps.Caps & CAP(ENCRYPTED_READ_BACK)))
		return true;
	has_key = find_key();
	memset(s.random, 0, sizeof(s.random));
	memset(s.hidden, 0, sizeof(s.hidden));
	if (has_key)
		return true;
	destroy(&a, s.surface.pDrvPrivate);
	destroy(&a, s.staging.pDrvPrivate);
	destroy(&a, s.session.pDrvPrivate);
	s.trouble = make_session();
	s.is_negotiated = !s.trouble;
	kept = count;
	return s.is_negotiated;
}
