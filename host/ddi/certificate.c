/* SPDX-License-Identifier: Apache-2.0 */
/* The board's certificate chain: one for both kinds of certificate, whatever session asks. */
#include <string.h>

#include "ddi.h"

static bool is_known(const D3D11_1DDI_CERTIFICATE_INFO *info)
{
	if (!info)
		return false;
	if (info->CertificateType == D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION)
		return !memcmp(&info->CryptoSessionType, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, sizeof(GUID));
	return info->CertificateType == D3D11_1DDI_CERTIFICATE_TYPE_AUTHENTICATED_CHANNEL &&
	       info->ChannelType == D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE;
}

/* Fetches the chain once; it cannot change while the board is attached. */
static int fetch(struct ddi_device *device)
{
	struct timespec room;
	int error = ddi_alive(device);

	pthread_mutex_lock(&device->lock);
	if (!error && !device->chain)
		error = coffer_get_chain(device->context, COFFER_CHAIN_RSA, ddi_deadline(device, &room), &device->chain,
					 &device->chain_bytes);
	pthread_mutex_unlock(&device->lock);
	return error == COFFER_E_NOT_READY ? 0 : error; /* a board without one: size 0 */
}

static VOID APIENTRY get_certificate_size(D3D10DDI_HDEVICE hDevice, CONST D3D11_1DDI_CERTIFICATE_INFO *pCertificateInfo,
					  UINT *pCertificateSize)
{
	struct ddi_device *device = ddi_device(hDevice);
	int error;

	if (!pCertificateSize)
		return;
	*pCertificateSize = 0;
	if (!device || !is_known(pCertificateInfo))
		return;
	error = fetch(device);
	if (error)
		ddi_report(device, error);
	else
		*pCertificateSize = (UINT)device->chain_bytes;
}

static VOID APIENTRY get_certificate(D3D10DDI_HDEVICE hDevice, CONST D3D11_1DDI_CERTIFICATE_INFO *pCertificateInfo,
				     UINT CertificateSize, BYTE *pCertificate)
{
	struct ddi_device *device = ddi_device(hDevice);
	int error;

	if (!pCertificate)
		return;
	memset(pCertificate, 0, CertificateSize);
	if (!device || !is_known(pCertificateInfo))
		return;
	error = fetch(device);
	if (error)
		ddi_report(device, error);
	else if (device->chain && CertificateSize == device->chain_bytes)
		memcpy(pCertificate, device->chain, device->chain_bytes);
}

void ddi_fill_certificate(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnGetCertificateSize = get_certificate_size;
	table->pfnGetCertificate = get_certificate;
}
