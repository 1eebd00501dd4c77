// SPDX-License-Identifier: Apache-2.0
//
// One client of the USB/IP server: a kernel that has imported a device, or one open device file of the preload library.

#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "socket_writer.h"
#include "usb_core.h"
#include "usbip_protocol.h"
#include "usbip_server.h"

namespace coffer {

class UsbipConnection : public UsbFile, public std::enable_shared_from_this<UsbipConnection> {
public:
	UsbipConnection(UsbipServer &server, int fd);
	~UsbipConnection() override;

	void run();  // until the peer or the device is gone
	void shut(); // makes run() return, from another thread
	ServedDevicePtr device() const;

	bool hung_up() const override;
	void cancel_transfers(const EndpointTest &which) override;

private:
	struct Pending {
		UrbPtr urb;
		bool unlinked = false;
		uint32_t unlink_seqnum = 0;
	};

	static constexpr size_t MaxTransfer = 16 << 20;    // bytes, of one URB
	static constexpr size_t MaxOutstanding = 64 << 20; // bytes, of all URBs of a connection
	static constexpr size_t MaxOvertaking = 4096;      // UNLINKs whose SUBMIT has not come
	static constexpr size_t MaxUnread =
		16 << 20; // bytes of answers that a peer may leave before its next request is taken

	bool receive(void *data, size_t bytes);
	bool negotiate();
	void list_devices();
	bool take(ServedDevicePtr device, bool open);
	void put_device(const ServedDevice &device, std::vector<uint8_t> &to) const;
	void leave();

	bool submit(const usbip_header &header);
	UrbPtr make_urb(const usbip_header &header);
	bool unlink(const usbip_header &header);
	void usbfs(const usbip_header &header);
	int usbfs_op(const usbip_header &header);
	void ended(uint32_t seqnum, Urb &urb);
	void answer_submit(uint32_t seqnum, int status, const Urb *urb);
	void answer(uint32_t command, uint32_t seqnum, int status);

	UsbipServer &server_;
	int fd_;
	SocketWriter writer_;
	bool open_file_ = false; // else an import

	mutable std::mutex mutex_; // of what follows; held while answering, so that answers keep their order
	std::condition_variable some_ended_;
	ServedDevicePtr device_;
	std::map<uint32_t, Pending> pending_;
	size_t outstanding_ = 0;
	std::map<uint32_t, uint32_t> overtaken_; // SUBMIT still to come -> its UNLINK
	uint32_t last_submit_ = 0;
};

} // namespace coffer
