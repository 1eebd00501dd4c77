/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcoffer as a driver for the runtime. A virtual board is pulled out through its control socket, which
 * COFFER_RUNTIME_CONTROL names.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const COFFER_DDIARG_OPENDEVICE defaults = {.Size = sizeof(defaults)};

static SIZE_T calc_device_size(void)
{
	return CofferCalcPrivateDeviceSize(&defaults);
}

static HRESULT open_device(D3D10DDI_HRTCORELAYER layer, PFND3D10DDI_SETERROR_CB set_error, D3D10DDI_HDEVICE device)
{
	COFFER_DDIARG_OPENDEVICE open = defaults;

	open.hRTCoreLayer = layer;
	open.pfnSetErrorCb = set_error;
	return CofferOpenDevice(&open, device);
}

static COFFER_DDIARG_CREATERESOURCE translate(const struct runtime_resource *what)
{
	return (COFFER_DDIARG_CREATERESOURCE){
		.Kind = what->is_protected ? COFFER_DDI_RESOURCE_PROTECTED : COFFER_DDI_RESOURCE_STAGING,
		.Width = what->width,
		.Height = what->height,
		.Pitch = what->width,
		.hCryptoSession = what->session,
	};
}

static SIZE_T calc_resource_size(D3D10DDI_HDEVICE device, const struct runtime_resource *what)
{
	const COFFER_DDIARG_CREATERESOURCE create = translate(what);

	return CofferCalcPrivateResourceSize(device, &create);
}

static HRESULT create_resource(D3D10DDI_HDEVICE device, const struct runtime_resource *what,
			       D3D10DDI_HRESOURCE resource)
{
	const COFFER_DDIARG_CREATERESOURCE create = translate(what);

	return CofferCreateResource(device, &create, resource);
}

static HRESULT map_resource(D3D10DDI_HDEVICE device, D3D10DDI_HRESOURCE resource, void **bytes)
{
	UINT pitch;

	return CofferMapResource(device, resource, bytes, &pitch);
}

static int lose_device(void)
{
	static const char unplug[] = "unplug 1\n";
	const char *path = getenv("COFFER_RUNTIME_CONTROL");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char answer[2] = "";
	int control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_done;

	strncpy(address.sun_path, path ? path : "", sizeof(address.sun_path) - 1);
	is_done = control >= 0 && !connect(control, (struct sockaddr *)&address, sizeof(address)) &&
		  write(control, unplug, strlen(unplug)) == (ssize_t)strlen(unplug) &&
		  recv(control, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer) && !memcmp(answer, "ok", 2);
	if (control >= 0)
		close(control);
	return is_done ? 0 : -1;
}

const struct runtime_driver *runtime_driver(void)
{
	static struct runtime_driver driver = {
		.name = "libcoffer",
		.calc_device_size = calc_device_size,
		.open_device = open_device,
		.close_device = CofferCloseDevice,
		.retrieve_sub_object = CofferRetrieveSubObject,
		.calc_resource_size = calc_resource_size,
		.create_resource = create_resource,
		.destroy_resource = CofferDestroyResource,
		.map_resource = map_resource,
	};

	driver.lose_device = getenv("COFFER_RUNTIME_CONTROL") ? lose_device : NULL;
	return &driver;
}
