/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Direct3D 11.1 user-mode driver interface, as far as crypto sessions go: types, names, values and layouts of the
 * tables D3D11_1DDI_VIDEODEVICEFUNCS (d3d11ddi_video.h) to D3DWDDM2_4DDI_VIDEODEVICEFUNCS (d3d11ddi_wddm2.h), and what
 * Coffer adds to reach them (names with COFFER_ and Coffer). This one includes the others.
 *
 * Freestanding: needs no other header of Coffer, and none of Windows. Sizes and offsets are asserted for
 * 64-bit and 32-bit programs. Behaviour, error codes and decisions where no document speaks: docs/ddi.md.
 * Names that look misspelt are spelt so by the interface.
 */
#ifndef COFFER_D3D11DDI_H
#define COFFER_D3D11DDI_H

#include "d3d11ddi_wddm2.h"

/* The columns are the reader's. */
/* clang-format off */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what Coffer adds ------------------------------------------------------------------------------------------
 * The documents give Direct3D's devices and resources to the rest of a driver. Coffer has no rest, so it says itself
 * how one comes by them. As everywhere in this interface the caller provides the memory of an object, of the size
 * that the driver asked for, with anything in it. */

typedef struct COFFER_DDIARG_OPENDEVICE {
	UINT Size;                   /* sizeof(COFFER_DDIARG_OPENDEVICE) */
	UINT TimeoutMilliseconds;    /* for each call that waits for the board; 0: none. One that expires ends the device */
	const char *pBoard;          /* serial number or BUS:ADDRESS; NULL: the first board with a free context */
	D3D10DDI_HRTCORELAYER hRTCoreLayer;
	PFND3D10DDI_SETERROR_CB pfnSetErrorCb; /* may be NULL */
} COFFER_DDIARG_OPENDEVICE;

SIZE_T APIENTRY CofferCalcPrivateDeviceSize(CONST COFFER_DDIARG_OPENDEVICE *pOpenData);
/* Opens a context of a board. S_OK, E_INVALIDARG, E_OUTOFMEMORY, D3DDDIERR_NOTAVAILABLE (no board that this user may
 * open, or no free context), D3DDDIERR_DEVICEREMOVED. */
HRESULT APIENTRY CofferOpenDevice(CONST COFFER_DDIARG_OPENDEVICE *pOpenData, D3D10DDI_HDEVICE hDevice);
/* Sessions and resources are to be destroyed first; their keys and contents end with the device in any case. */
VOID APIENTRY CofferCloseDevice(D3D10DDI_HDEVICE hDevice);

/* Fills the caller's table, of the type that belongs to the id: D3D11_1DDI_VIDEO_FUNCTIONS, or one of WDDM 2.0 to 2.4
 * (d3d11ddi_wddm2.h). E_INVALIDARG for every other sub-device, and unless both sizes are exact and all pointers are there. */
HRESULT APIENTRY CofferRetrieveSubObject(D3D10DDI_HDEVICE hDevice, UINT32 SubDeviceID, SIZE_T ParamSize, void *pParams,
	SIZE_T OutputParamSize, void *pOutputParamsBuffer);

typedef enum COFFER_DDI_RESOURCE_KIND {
	COFFER_DDI_RESOURCE_STAGING = 1,   /* memory of the host, can be mapped */
	COFFER_DDI_RESOURCE_PROTECTED = 2, /* on the board, bound to a session; never mapped */
} COFFER_DDI_RESOURCE_KIND;

typedef struct COFFER_DDIARG_CREATERESOURCE {
	COFFER_DDI_RESOURCE_KIND Kind;
	UINT Width, Height;          /* bytes of a row that are used, rows */
	UINT Pitch;                  /* bytes from row to row, at least Width */
	D3D11_1DDI_HCRYPTOSESSION hCryptoSession; /* protected: its session */
} COFFER_DDIARG_CREATERESOURCE;

SIZE_T APIENTRY CofferCalcPrivateResourceSize(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATERESOURCE *pCreateData);
/* S_OK, E_INVALIDARG, E_OUTOFMEMORY, D3DDDIERR_DEVICEREMOVED. */
HRESULT APIENTRY CofferCreateResource(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATERESOURCE *pCreateData,
	D3D10DDI_HRESOURCE hResource);
VOID APIENTRY CofferDestroyResource(D3D10DDI_HDEVICE hDevice, D3D10DDI_HRESOURCE hResource);
/* The bytes of a staging resource, Pitch * Height of them, valid until it is destroyed. E_INVALIDARG for others. */
HRESULT APIENTRY CofferMapResource(D3D10DDI_HDEVICE hDevice, D3D10DDI_HRESOURCE hResource, void **ppData, UINT *pPitch);

/* A decoder that decrypts and does not decode: what VideoDecoderSubmitBuffers1 and 2 are given goes as plaintext into a protected
 * resource, from its first byte on, until VideoDecoderEndFrame. All its other entries are the table's; pContentKey of
 * VideoDecoderBeginFrame points to D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION, whose pBlob is the 16-byte
 * content key as one AES-ECB block under the session key. */
typedef struct COFFER_DDIARG_CREATEDECODER {
	D3D11_1DDI_HCRYPTOSESSION hCryptoSession;
	D3D10DDI_HRESOURCE hBitstream; /* protected, of that session */
	GUID BitstreamEncryption;      /* D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC, or
					* D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CENC or _CBCS */
} COFFER_DDIARG_CREATEDECODER;

SIZE_T APIENTRY CofferCalcPrivateDecoderSize(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATEDECODER *pCreateData);
/* S_OK, E_INVALIDARG, D3DDDIERR_UNSUPPORTEDCRYPTO (another encryption), D3DDDIERR_DEVICEREMOVED. It ends with
 * DestroyVideoDecoder, and is of no use once its session or resource is destroyed. */
HRESULT APIENTRY CofferCreateDecoder(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATEDECODER *pCreateData,
	D3D11_1DDI_HDECODE hDecode);

/* HWProtectionFunctionID, in sessions with the key exchange D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION. No function has private
 * data, in or out. Status is what the call returns, too: S_OK, E_INVALIDARG, E_OUTOFMEMORY; HWProtectionDataSize is 0 where nothing was
 * written. docs/ddi.md has both packets of the exchange. */
typedef enum COFFER_HW_PROTECTION_FUNCTION {
	COFFER_HW_PROTECTION_EXCHANGE = 1,    /* in: the application's hello, 68 bytes; out: the board's reply, 164 */
	COFFER_HW_PROTECTION_CERTIFICATE = 2, /* in: nothing; out: the X.509 chain (DER, leaf first, root left out) of the key that signs replies.
					       * With too little room: E_INVALIDARG, and HWProtectionDataSize is what it takes */
} COFFER_HW_PROTECTION_FUNCTION;

/* The session of <coffer/coffer.h> under a crypto session, lent until DestroyCryptoSession: for jobs that
 * DecryptionBlt cannot express. It stays protected. NULL for any handle that is not this device's. */
struct coffer_session;
struct coffer_session *APIENTRY CofferCryptoSession(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession);

#ifdef __cplusplus
}
#endif

#endif
