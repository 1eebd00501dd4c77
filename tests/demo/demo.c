/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's side of `make demo` (tests/demo/demo.py): an application of the Direct3D interface. It opens a context,
 * makes a protected session by way of the DDI's table, checks the board's certificate, agrees on a session key, has a film
 * decrypted into protected memory and read back encrypted, and blits a picture in and out.
 *
 *   demo IN.mp4 OUT.mp4 KID:KEY
 *
 * One line of JSON for each step that succeeded goes to standard output. After the step "film" it waits for a line on
 * standard input: the name of a picture, WIDTH x HEIGHT in NV12.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/aes.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>

#include "cli.h"
#include "coffer/d3d11ddi.h"
#include "film.h"

#define WIDTH   256u
#define HEIGHT  144u
#define ROWS    (HEIGHT * 3 / 2) /* NV12: the luma's rows, then half as many of chroma */
#define PICTURE (WIDTH * ROWS)

struct demo {
	D3D10DDI_HDEVICE device;
	D3D11_1DDI_VIDEODEVICEFUNCS f;
	D3D11_1DDI_HCRYPTOSESSION session;
	HRESULT reported;       /* through pfnSetErrorCb */
	coffer_session *native; /* lent */
	coffer_public_key *key;
	uint8_t session_key[16];
};

static const D3D11_1DDIARG_CREATECRYPTOSESSION create = {
	.CryptoType = {0x9b6bd711, 0x4f74, 0x41c9, {0x9e, 0x7b, 0x0b, 0xe2, 0xd7, 0xd9, 0x3b, 0x4f}},
	.KeyExchangeType = {0xc1949895, 0xd72a, 0x4a1d, {0x8e, 0x5d, 0xed, 0x85, 0x7d, 0x17, 0x15, 0x20}},
};

static int fail(const char *why, HRESULT result)
{
	return cli_error(CLI_FAILED, "%s (0x%08x)", why, (unsigned int)result);
}

static uint64_t board_now(const struct demo *demo)
{
	struct coffer_status status;

	return coffer_get_status(coffer_session_context(demo->native), NULL, &status) ? 0 : status.now_cycle;
}

static VOID APIENTRY on_error(D3D10DDI_HRTCORELAYER layer, HRESULT result)
{
	((struct demo *)layer.handle)->reported = result;
}

/* ---- steps ------------------------------------------------------------------------------------------------ */

static int open_context(struct demo *demo)
{
	const COFFER_DDIARG_OPENDEVICE open = {.Size = sizeof(open), .hRTCoreLayer = {demo}, .pfnSetErrorCb = on_error};
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = &demo->f};
	D3D11_1DDI_VIDEO_OUTPUT output;
	HRESULT result;

	demo->device.pDrvPrivate = malloc(CofferCalcPrivateDeviceSize(&open));
	result = CofferOpenDevice(&open, demo->device);
	if (result != S_OK)
		return fail("CofferOpenDevice", result);
	result = CofferRetrieveSubObject(demo->device, D3D11_1DDI_VIDEO_FUNCTIONS, sizeof(input), &input,
					 sizeof(output), &output);
	return result == S_OK ? CLI_OK : fail("CofferRetrieveSubObject", result);
}

static int create_session(struct demo *demo)
{
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {demo};
	struct coffer_status status;
	HRESULT result;

	demo->session.pDrvPrivate = malloc(demo->f.pfnCalcPrivateCryptoSessionSize(demo->device, &create));
	result = demo->f.pfnCreateCryptoSession(demo->device, &create, demo->session, runtime);
	if (result != S_OK)
		return fail("CreateCryptoSession", result);
	demo->native = CofferCryptoSession(demo->device, demo->session);
	if (coffer_get_status(coffer_session_context(demo->native), NULL, &status))
		return fail("status", 0);
	printf("{\"step\": \"create-session\", \"create_session_cycles\": %llu}\n",
	       (unsigned long long)(status.status_cycle - status.setup_cycle));
	return CLI_OK;
}

static int check_certificate(struct demo *demo)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};
	enum coffer_trust reason = COFFER_TRUSTED;
	coffer_roots *roots = NULL;
	uint8_t *chain;
	UINT size = 0;
	int error;

	info.CryptoSessionType = create.CryptoType;
	demo->f.pfnGetCertificateSize(demo->device, &info, &size);
	chain = malloc(size + 1);
	demo->f.pfnGetCertificate(demo->device, &info, size, chain);
	error = coffer_roots_load(&roots, NULL, &reason);
	if (!error)
		error = coffer_chain_verify(roots, COFFER_CHAIN_RSA, chain, size, &demo->key, &reason);
	coffer_roots_free(&roots);
	free(chain);
	if (error)
		return cli_error(CLI_UNTRUSTED, "the chain of %u bytes: %s", size, coffer_trust_text((int)reason));
	printf("{\"step\": \"certificate\", \"serial\": \"%s\", \"chain_bytes\": %u}\n",
	       coffer_public_key_serial(demo->key), size);
	return CLI_OK;
}

/* A board that has just been switched on still prepares its key: that is not to count as key exchange. */
static int wait_for_boot(const struct demo *demo)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	struct coffer_info info;

	for (;;) {
		if (coffer_get_info(coffer_session_context(demo->native), NULL, &info))
			return fail("info", 0);
		if (info.flags & COFFER_INFO_READY)
			return CLI_OK;
		if (!(info.flags & COFFER_INFO_IDENTITY))
			return fail("the board has no identity", 0);
		nanosleep(&pause, NULL);
	}
}

static int exchange_key(struct demo *demo)
{
	uint8_t blob[COFFER_BLOB_BYTES];
	HRESULT result;
	uint64_t begin;

	if (wait_for_boot(demo))
		return CLI_FAILED;
	begin = board_now(demo);
	if (coffer_random(demo->session_key, sizeof(demo->session_key)) ||
	    coffer_seal_session_key(demo->key, demo->session_key, blob))
		return fail("sealing the session key", 0);
	result = demo->f.pfnNegotiateCryptoSessionKeyExchange(demo->device, demo->session, sizeof(blob), blob);
	if (result != S_OK)
		return fail("NegotiateCryptoSessionKeyExchange", result);
	printf("{\"step\": \"key-exchange\", \"negotiate_cycles\": %llu}\n",
	       (unsigned long long)(board_now(demo) - begin));
	return CLI_OK;
}

static int decrypt_film(struct demo *demo, const char *in, const char *out, const char *key)
{
	static struct film film;
	double begin = (double)clock();
	const struct decryptor_stats *s;
	int ret = film_keys_add(&film.keys, key);

	film.in = in;
	film.out = out;
	if (!ret)
		ret = film_prepare(&film);
	if (!ret)
		ret = decryptor_adopt(&film.decryptor, demo->native, demo->session_key, &film.keys);
	if (!ret)
		ret = film_run(&film);
	if (!ret) {
		s = decryptor_stats(film.decryptor);
		printf("{\"step\": \"film\", \"samples\": %llu, \"encrypted_samples\": %llu, \"bytes\": %llu, "
		       "\"board_cycles\": %llu, \"client_cpu_seconds\": %.3f}\n",
		       (unsigned long long)film.packets, (unsigned long long)film.encrypted,
		       (unsigned long long)s->bytes, (unsigned long long)(s->last_cycle - s->first_cycle),
		       ((double)clock() - begin) / CLOCKS_PER_SEC);
	}
	decryptor_close(&film.decryptor);
	film_close(&film);
	return ret;
}

/* ---- the picture -------------------------------------------------------------------------------------------- */

static void aes_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16], int decrypt)
{
	struct AVAES *aes = av_aes_alloc();

	if (!aes)
		abort();
	av_aes_init(aes, key, 128, decrypt);
	av_aes_crypt(aes, out, in, 1, NULL, decrypt);
	av_free(aes);
}

/* AES-CTR over the picture; the low 32 bits are enough to count its blocks. */
static void aes_ctr(const uint8_t key[16], const uint8_t iv[16], const uint8_t *in, uint8_t *out)
{
	uint8_t counter[16], stream[16];

	memcpy(counter, iv, 16);
	for (uint32_t block = 0; block < PICTURE / 16; block++) {
		for (int i = 0; i < 4; i++)
			counter[15 - i] = (uint8_t)(block >> 8 * i);
		aes_block(key, counter, stream, 0);
		for (int i = 0; i < 16; i++)
			out[16 * block + i] = in[16 * block + i] ^ stream[i];
	}
}

static D3D10DDI_HRESOURCE new_resource(struct demo *demo, COFFER_DDI_RESOURCE_KIND kind)
{
	const COFFER_DDIARG_CREATERESOURCE what = {
		.Kind = kind,
		.Width = WIDTH,
		.Height = ROWS,
		.Pitch = WIDTH,
		.hCryptoSession = demo->session,
	};
	D3D10DDI_HRESOURCE resource = {malloc(CofferCalcPrivateResourceSize(demo->device, &what))};

	if (CofferCreateResource(demo->device, &what, resource) != S_OK) {
		free(resource.pDrvPrivate);
		resource.pDrvPrivate = NULL;
	}
	return resource;
}

static int read_picture(uint8_t *picture)
{
	char name[4096];
	size_t n = 0;
	FILE *file;

	if (!fgets(name, sizeof(name), stdin))
		return fail("no picture was named", 0);
	name[strcspn(name, "\n")] = 0;
	file = fopen(name, "re");
	if (file) {
		n = fread(picture, 1, PICTURE, file);
		fclose(file);
	}
	return n == PICTURE ? CLI_OK : cli_error(CLI_FAILED, "%s: not %u bytes", name, PICTURE);
}

/* In by DecryptionBlt under the session key, out by GetEncryptionBltKey and EncryptionBlt. */
static int blit(struct demo *demo, const uint8_t *picture, D3D10DDI_HRESOURCE staging, D3D10DDI_HRESOURCE surface)
{
	uint8_t in_iv[16] = {0}, out_iv[16], wrapped[16], readback_key[16];
	void *memory;
	UINT pitch;

	if (CofferMapResource(demo->device, staging, &memory, &pitch) != S_OK || coffer_random(in_iv, 8))
		return fail("CofferMapResource", 0);
	aes_ctr(demo->session_key, in_iv, picture, memory);
	demo->f.pfnDecryptionBlt(demo->device, demo->session, staging, surface, NULL, 0, NULL, sizeof(in_iv), in_iv);
	demo->f.pfnGetEncryptionBltKey(demo->device, demo->session, sizeof(wrapped), wrapped);
	aes_block(demo->session_key, wrapped, readback_key, 1);
	memset(memory, 0, PICTURE);
	demo->f.pfnEncryptionBlt(demo->device, demo->session, surface, staging, sizeof(out_iv), out_iv);
	if (demo->reported)
		return fail("a blit was reported", demo->reported);
	if (!memcmp(memory, picture, PICTURE))
		return fail("the picture came back unencrypted", 0);
	aes_ctr(readback_key, out_iv, memory, memory);
	if (memcmp(memory, picture, PICTURE))
		return fail("the picture that came back is another one", 0);
	printf("{\"step\": \"picture\", \"picture_bytes\": %u}\n", PICTURE);
	return CLI_OK;
}

static int blit_picture(struct demo *demo)
{
	D3D10DDI_HRESOURCE staging = new_resource(demo, COFFER_DDI_RESOURCE_STAGING);
	D3D10DDI_HRESOURCE surface = new_resource(demo, COFFER_DDI_RESOURCE_PROTECTED);
	uint8_t *picture = malloc(PICTURE);
	int ret = staging.pDrvPrivate && surface.pDrvPrivate && picture ? read_picture(picture)
									: fail("CofferCreateResource", 0);

	if (!ret)
		ret = blit(demo, picture, staging, surface);
	CofferDestroyResource(demo->device, surface);
	CofferDestroyResource(demo->device, staging);
	free(surface.pDrvPrivate);
	free(staging.pDrvPrivate);
	free(picture);
	return ret;
}

static int run(struct demo *demo, char **argv)
{
	int ret = open_context(demo);

	if (!ret)
		ret = create_session(demo);
	if (!ret)
		ret = check_certificate(demo);
	if (!ret)
		ret = exchange_key(demo);
	if (!ret)
		ret = decrypt_film(demo, argv[1], argv[2], argv[3]);
	return ret ? ret : blit_picture(demo);
}

int main(int argc, char **argv)
{
	struct demo demo = {0};
	int ret;

	if (argc != 4)
		return cli_error(CLI_USAGE, "demo: wants IN.mp4 OUT.mp4 KID:KEY");
	setvbuf(stdout, NULL, _IOLBF, 0);
	av_log_set_level(AV_LOG_FATAL);
	ret = run(&demo, argv);
	if (demo.session.pDrvPrivate)
		demo.f.pfnDestroyCryptoSession(demo.device, demo.session);
	if (demo.device.pDrvPrivate)
		CofferCloseDevice(demo.device);
	coffer_public_key_free(&demo.key);
	free(demo.session.pDrvPrivate);
	free(demo.device.pDrvPrivate);
	return ret;
}
