/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime asks of a driver that it is to try: a shared object with one function, runtime_driver. The table's
 * entries are reached through retrieve_sub_object as Windows does it. The rest stands in for those parts of a display
 * driver that the crypto-session documents leave out: devices and resources. As everywhere in this interface the memory of
 * an object is the runtime's, of the size that the driver names, with anything in it.
 */
#ifndef COFFER_TESTS_RUNTIME_DRIVER_H
#define COFFER_TESTS_RUNTIME_DRIVER_H

#include <stdbool.h>

#include "coffer/d3d11ddi.h"

struct runtime_resource {
	bool is_protected;                 /* else a staging one, which can be mapped */
	UINT width, height;                /* bytes of a row, which is also its pitch; rows */
	D3D11_1DDI_HCRYPTOSESSION session; /* protected: its session */
};

struct runtime_driver {
	const char *name;
	SIZE_T (*calc_device_size)(void);
	/* Two devices are open at a time. set_error is pfnSetErrorCb of the core layer's callbacks. */
	HRESULT (*open_device)(D3D10DDI_HRTCORELAYER layer, PFND3D10DDI_SETERROR_CB set_error, D3D10DDI_HDEVICE device);
	void (*close_device)(D3D10DDI_HDEVICE device);
	PFND3D10DDI_RETRIEVESUBOBJECT retrieve_sub_object;
	SIZE_T (*calc_resource_size)(D3D10DDI_HDEVICE device, const struct runtime_resource *what);
	HRESULT (*create_resource)(D3D10DDI_HDEVICE device, const struct runtime_resource *what, D3D10DDI_HRESOURCE r);
	void (*destroy_resource)(D3D10DDI_HDEVICE device, D3D10DDI_HRESOURCE r);
	/* The bytes of a staging resource, valid until it is destroyed; fails for a protected one. */
	HRESULT (*map_resource)(D3D10DDI_HDEVICE device, D3D10DDI_HRESOURCE r, void **bytes);
	/* Takes the hardware away from both devices, for good; 0 if that was done. NULL where it cannot be done on demand: then
	 * the rules of lost devices are not applicable. */
	int (*lose_device)(void);
};

const struct runtime_driver *runtime_driver(void);

#endif
