/* SPDX-License-Identifier: Apache-2.0 */
#include "provision.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/x509_crt.h>

#include "coffer_wire.h"
#include "identity.h"

#define ROOT_DAYS        7300u
#define CERTIFICATE_ROOM 2048u

#define TRY(what, call)                                                                                                \
	do {                                                                                                           \
		*step = (what);                                                                                        \
		ret = (call);                                                                                          \
		if (ret)                                                                                               \
			goto out;                                                                                      \
	} while (0)

struct authority {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context drbg;
	mbedtls_pk_context key;
	mbedtls_x509_crt cert;
	char name[512]; /* the root's subject, as the leaves' issuer */
};

struct leaf {
	mbedtls_pk_context key;
	uint8_t der[CERTIFICATE_ROOM];
	size_t der_size;
};

struct certificate {
	mbedtls_pk_context *subject_key, *issuer_key;
	const char *subject, *issuer;
	unsigned int days, usage;
	bool ca;
};

static int validity(mbedtls_x509write_cert *crt, unsigned int days)
{
	char from[16], to[16];
	time_t begin = time(NULL) - 86400; /* a clock that is a little behind still accepts it */
	time_t end = begin + 86400 * (time_t)(days + 1);
	struct tm tm;

	if (!gmtime_r(&begin, &tm) || !strftime(from, sizeof(from), "%Y%m%d%H%M%S", &tm) || !gmtime_r(&end, &tm) ||
	    tm.tm_year >= 8100 || !strftime(to, sizeof(to), "%Y%m%d%H%M%S", &tm))
		return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
	return mbedtls_x509write_crt_set_validity(crt, from, to);
}

static int number(mbedtls_x509write_cert *crt, mbedtls_ctr_drbg_context *drbg)
{
	uint8_t serial[16];
	int ret = mbedtls_ctr_drbg_random(drbg, serial, sizeof(serial));

	if (ret)
		return ret;
	serial[0] = (serial[0] & 0x7F) | 0x40; /* positive, and of one length */
	return mbedtls_x509write_crt_set_serial_raw(crt, serial, sizeof(serial));
}

/* Signs a certificate; DER at the end of buf. Its size, or an error of mbedTLS. */
static int sign(const struct certificate *c, mbedtls_ctr_drbg_context *drbg, uint8_t *buf, size_t room)
{
	mbedtls_x509write_cert crt;
	int ret;

	mbedtls_x509write_crt_init(&crt);
	mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&crt, c->subject_key);
	mbedtls_x509write_crt_set_issuer_key(&crt, c->issuer_key);
	if ((ret = number(&crt, drbg)) || (ret = validity(&crt, c->days)) ||
	    (ret = mbedtls_x509write_crt_set_subject_name(&crt, c->subject)) ||
	    (ret = mbedtls_x509write_crt_set_issuer_name(&crt, c->issuer)) ||
	    (ret = mbedtls_x509write_crt_set_basic_constraints(&crt, c->ca, c->ca ? 1 : -1)) ||
	    (ret = mbedtls_x509write_crt_set_key_usage(&crt, c->usage)) ||
	    (ret = mbedtls_x509write_crt_set_subject_key_identifier(&crt)) ||
	    (ret = mbedtls_x509write_crt_set_authority_key_identifier(&crt)))
		goto out;
	ret = mbedtls_x509write_crt_der(&crt, buf, room, mbedtls_ctr_drbg_random, drbg);
out:
	mbedtls_x509write_crt_free(&crt);
	return ret;
}

static int new_p256(mbedtls_pk_context *key, mbedtls_ctr_drbg_context *drbg)
{
	int ret = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	return ret ? ret
		   : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_ctr_drbg_random, drbg);
}

static int new_rsa(mbedtls_pk_context *key, mbedtls_ctr_drbg_context *drbg)
{
	int ret = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));

	return ret ? ret : mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), mbedtls_ctr_drbg_random, drbg, 2048, 65537);
}

static int new_root(struct authority *ca, bool virtual_board, struct coffer_provisioned *out)
{
	static const char real[] = "O=Coffer,CN=Coffer root";
	static const char virtual[] = "O=Coffer,OU=" COFFER_VIRTUAL_OU ",CN=Coffer virtual root";
	const char *name = virtual_board ? virtual : real;
	const struct certificate c = {
		.subject_key = &ca->key,
		.issuer_key = &ca->key,
		.subject = name,
		.issuer = name,
		.days = ROOT_DAYS,
		.usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN,
		.ca = true,
	};
	uint8_t der[CERTIFICATE_ROOM];
	size_t written;
	int ret = new_p256(&ca->key, &ca->drbg);

	if (ret)
		return ret;
	ret = sign(&c, &ca->drbg, der, sizeof(der));
	if (ret < 0)
		return ret;
	ret = mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
				       der + sizeof(der) - ret, (size_t)ret, (unsigned char *)out->root_cert,
				       sizeof(out->root_cert), &written);
	if (ret)
		return ret;
	return mbedtls_pk_write_key_pem(&ca->key, (unsigned char *)out->root_key, sizeof(out->root_key));
}

static int load_root(struct authority *ca, const struct coffer_provisioning *in, const char **step)
{
	int ret;

	TRY("reading the root's key", mbedtls_pk_parse_key(&ca->key, in->root_key, in->root_key_size, NULL, 0,
							   mbedtls_ctr_drbg_random, &ca->drbg));
	TRY("reading the root's certificate", mbedtls_x509_crt_parse(&ca->cert, in->root_cert, in->root_cert_size));
	TRY("checking that root key and root certificate belong together",
	    mbedtls_pk_check_pair(&ca->cert.pk, &ca->key, mbedtls_ctr_drbg_random, &ca->drbg));
	TRY("checking that the root is one certificate of an authority",
	    ca->cert.next || !ca->cert.MBEDTLS_PRIVATE(ca_istrue) ? MBEDTLS_ERR_X509_BAD_INPUT_DATA : 0);
out:
	return ret;
}

static int open_root(struct authority *ca, const struct coffer_provisioning *in, struct coffer_provisioned *out,
		     const char **step)
{
	int ret;

	if (in->root_key) {
		ret = load_root(ca, in, step);
		if (ret)
			return ret;
	} else {
		TRY("making a root", new_root(ca, in->virtual_board, out));
		TRY("reading the new root",
		    mbedtls_x509_crt_parse(&ca->cert, (const uint8_t *)out->root_cert, strlen(out->root_cert) + 1));
	}
	*step = "reading the root's name";
	ret = mbedtls_x509_dn_gets(ca->name, sizeof(ca->name), &ca->cert.subject);
	return ret < 0 ? ret : 0;
out:
	return ret;
}

/* The leaf must name its issuer with the very bytes of the root's subject: some verifiers compare nothing else. */
static int check_issuer(const struct leaf *leaf, const mbedtls_x509_crt *root)
{
	mbedtls_x509_crt crt;
	uint32_t flags;
	int ret;

	mbedtls_x509_crt_init(&crt);
	ret = mbedtls_x509_crt_parse_der(&crt, leaf->der, leaf->der_size);
	if (!ret && (crt.issuer_raw.len != root->subject_raw.len ||
		     memcmp(crt.issuer_raw.p, root->subject_raw.p, root->subject_raw.len)))
		ret = MBEDTLS_ERR_X509_INVALID_NAME;
	if (!ret)
		ret = mbedtls_x509_crt_verify(&crt, (mbedtls_x509_crt *)root, NULL, NULL, &flags, NULL, NULL);
	mbedtls_x509_crt_free(&crt);
	return ret;
}

static int issue(struct authority *ca, struct leaf *leaf, const char *subject, unsigned int usage, unsigned int days)
{
	const struct certificate c = {
		.subject_key = &leaf->key,
		.issuer_key = &ca->key,
		.subject = subject,
		.issuer = ca->name,
		.days = days,
		.usage = usage,
	};
	int ret = sign(&c, &ca->drbg, leaf->der, sizeof(leaf->der));

	if (ret < 0)
		return ret;
	leaf->der_size = (size_t)ret;
	memmove(leaf->der, leaf->der + sizeof(leaf->der) - leaf->der_size, leaf->der_size);
	return check_issuer(leaf, &ca->cert);
}

static int choose_serial(mbedtls_ctr_drbg_context *drbg, const char *wish, bool virtual_board, char out[17])
{
	uint8_t random[5];
	int ret = mbedtls_ctr_drbg_random(drbg, random, sizeof(random));

	if (ret)
		return ret;
	if (!wish)
		snprintf(out, 17, "%s-%02X%02X%02X%02X%02X", virtual_board ? "VB" : "CB", random[0], random[1],
			 random[2], random[3], random[4]);
	else if (coffer_serial_is_valid(wish))
		snprintf(out, 17, "%s", wish);
	else
		return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
	return 0;
}

static int make_record(struct authority *ca, const struct coffer_provisioning *in, const struct leaf leaf[2],
		       struct coffer_provisioned *out)
{
	uint8_t nonce[16];
	const struct coffer_identity identity = {
		.serial = out->serial,
		.rsa = mbedtls_pk_rsa(leaf[COFFER_CHAIN_RSA].key),
		.p256 = mbedtls_pk_ec(leaf[COFFER_CHAIN_P256].key),
		.chain = {leaf[COFFER_CHAIN_RSA].der, leaf[COFFER_CHAIN_P256].der},
		.chain_bytes = {leaf[COFFER_CHAIN_RSA].der_size, leaf[COFFER_CHAIN_P256].der_size},
		.nonce = nonce,
		.device_secret = in->device_secret,
	};
	int ret = mbedtls_ctr_drbg_random(&ca->drbg, nonce, sizeof(nonce));

	return ret ? ret : coffer_identity_write(&identity, out->record, &out->record_size);
}

int coffer_provision(const struct coffer_provisioning *in, struct coffer_provisioned *out, const char **step)
{
	struct authority ca;
	struct leaf leaf[2];
	char subject[80];
	int ret;

	memset(out, 0, sizeof(*out));
	mbedtls_entropy_init(&ca.entropy);
	mbedtls_ctr_drbg_init(&ca.drbg);
	mbedtls_pk_init(&ca.key);
	mbedtls_x509_crt_init(&ca.cert);
	mbedtls_pk_init(&leaf[0].key);
	mbedtls_pk_init(&leaf[1].key);

	TRY("drawing random numbers", mbedtls_ctr_drbg_seed(&ca.drbg, mbedtls_entropy_func, &ca.entropy, NULL, 0));
	TRY("choosing the serial number", choose_serial(&ca.drbg, in->serial, in->virtual_board, out->serial));
	ret = open_root(&ca, in, out, step);
	if (ret)
		goto out;
	TRY("making the RSA key", new_rsa(&leaf[COFFER_CHAIN_RSA].key, &ca.drbg));
	TRY("making the P-256 key", new_p256(&leaf[COFFER_CHAIN_P256].key, &ca.drbg));
	snprintf(subject, sizeof(subject), "O=Coffer,CN=Coffer board,serialNumber=%s", out->serial);
	TRY("issuing the RSA certificate",
	    issue(&ca, &leaf[COFFER_CHAIN_RSA], subject, MBEDTLS_X509_KU_KEY_ENCIPHERMENT, in->days));
	TRY("issuing the P-256 certificate",
	    issue(&ca, &leaf[COFFER_CHAIN_P256], subject, MBEDTLS_X509_KU_DIGITAL_SIGNATURE, in->days));
	TRY("writing the identity record", make_record(&ca, in, leaf, out));
out:
	mbedtls_pk_free(&leaf[0].key);
	mbedtls_pk_free(&leaf[1].key);
	mbedtls_x509_crt_free(&ca.cert);
	mbedtls_pk_free(&ca.key);
	mbedtls_ctr_drbg_free(&ca.drbg);
	mbedtls_entropy_free(&ca.entropy);
	if (ret)
		coffer_provisioned_wipe(out);
	return ret;
}

void coffer_provisioned_wipe(struct coffer_provisioned *out)
{
	mbedtls_platform_zeroize(out, sizeof(*out));
}
