#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes LUNA's USB device core as one Verilog file: gen_luna.py OUT.v

Wiring only: the core on a ULPI bus, everything in one 60 MHz domain, with its endpoint interface brought out
as plain ports, so that the endpoints are SystemVerilog of ours (usb_device.sv). The one addition is NYET,
which LUNA's handshake generator cannot send and a high-speed bulk OUT endpoint needs (USB 2.0 section 8.5.1).
"""

import os
import sys
import types
import warnings

# The pinned Yosys that Amaranth brings, whatever is installed: the same file everywhere.
os.environ.setdefault("AMARANTH_USE_YOSYS", "builtin")
warnings.simplefilter("ignore")

from amaranth import ClockDomain, Elaboratable, Module, Signal  # noqa: E402
from amaranth.back import verilog  # noqa: E402
from luna.gateware.interface.utmi import UTMITransmitInterface  # noqa: E402
from luna.gateware.usb.usb2 import device as luna_device  # noqa: E402
from luna.gateware.usb.usb2.endpoint import EndpointInterface  # noqa: E402


class HandshakeGenerator(Elaboratable):
    """Sends a handshake packet for one strobe; LUNA's own one has the first three."""

    PACKETS = {"ack": 0xD2, "nak": 0x5A, "stall": 0x1E, "nyet": 0x96}

    issue_nyet = Signal(name="hs_nyet_i")

    def __init__(self):
        self.issue_ack = Signal()
        self.issue_nak = Signal()
        self.issue_stall = Signal()
        self.tx = UTMITransmitInterface()

    def elaborate(self, platform):
        m = Module()
        with m.FSM(domain="usb"):
            with m.State("IDLE"):
                for name, packet in self.PACKETS.items():
                    with m.If(getattr(self, f"issue_{name}")):
                        m.d.usb += self.tx.data.eq(packet)
                        m.next = "TRANSMIT"
            with m.State("TRANSMIT"):
                m.d.comb += self.tx.valid.eq(1)
                with m.If(self.tx.ready):
                    m.next = "IDLE"
        return m


class Endpoints(Elaboratable):
    """Stands for every endpoint: its interface is driven from the ports of the top."""

    def __init__(self):
        self.interface = EndpointInterface()

    def elaborate(self, platform):
        return Module()


class Ulpi:
    def __init__(self):
        ns = types.SimpleNamespace
        self.data = ns(
            i=Signal(8, name="ulpi_data_i"), o=Signal(8, name="ulpi_data_o"), oe=Signal(name="ulpi_data_oe_o")
        )
        self.dir = ns(i=Signal(name="ulpi_dir_i"))
        self.nxt = ns(i=Signal(name="ulpi_nxt_i"))
        self.stp = ns(o=Signal(name="ulpi_stp_o"))


def build():
    """The top and its ports."""
    luna_device.USBHandshakeGenerator = HandshakeGenerator
    m = Module()
    domain = ClockDomain("usb")
    m.domains += domain
    domain.clk.name = "clk_i"
    domain.rst.name = "rst_i"
    ulpi = Ulpi()
    device = luna_device.USBDevice(bus=ulpi, handle_clocking=False)
    endpoints = Endpoints()
    device.add_endpoint(endpoints)
    m.submodules.device = device
    ep = endpoints.interface
    ports = [
        domain.clk,
        domain.rst,
        ulpi.data.i,
        ulpi.data.o,
        ulpi.data.oe,
        ulpi.dir.i,
        ulpi.nxt.i,
        ulpi.stp.o,
        HandshakeGenerator.issue_nyet,
    ]

    def out(name, signal):
        port = Signal(len(signal), name=name)
        m.d.comb += port.eq(signal)
        ports.append(port)

    def into(name, signal):
        port = Signal(len(signal), name=name)
        m.d.comb += signal.eq(port)
        ports.append(port)

    into("connect_i", device.connect)
    out("speed_o", device.speed)
    out("bus_reset_o", device.reset_detected)
    # Tokens
    out("token_new_o", ep.tokenizer.new_token)
    out("token_respond_o", ep.tokenizer.ready_for_response)
    out("token_endpoint_o", ep.tokenizer.endpoint)
    out("token_in_o", ep.tokenizer.is_in)
    out("token_out_o", ep.tokenizer.is_out)
    out("token_setup_o", ep.tokenizer.is_setup)
    out("token_ping_o", ep.tokenizer.is_ping)
    # Data packets from the host
    out("rx_active_o", device.utmi.rx_active)
    out("rx_valid_o", ep.rx.next)
    out("rx_data_o", ep.rx.payload)
    out("rx_good_o", ep.rx_complete)
    out("rx_bad_o", ep.rx_invalid)
    out("rx_respond_o", ep.rx_ready_for_response)
    pid = Signal(2)
    m.d.comb += pid.eq(ep.rx_pid_toggle)
    out("rx_toggle_o", pid[0])
    # Data packets to the host
    into("tx_valid_i", ep.tx.valid)
    into("tx_first_i", ep.tx.first)
    into("tx_last_i", ep.tx.last)
    into("tx_data_i", ep.tx.payload)
    out("tx_ready_o", ep.tx.ready)
    toggle = Signal()
    m.d.comb += ep.tx_pid_toggle.eq(toggle)
    into("tx_toggle_i", toggle)
    # Handshakes
    out("host_ack_o", ep.handshakes_in.ack)
    into("hs_ack_i", ep.handshakes_out.ack)
    into("hs_nak_i", ep.handshakes_out.nak)
    into("hs_stall_i", ep.handshakes_out.stall)
    # Address, taken at once
    into("address_we_i", ep.address_changed)
    into("address_i", ep.new_address)
    return m, ports


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: gen_luna.py OUT.v")
    top, ports = build()
    text = verilog.convert(top, name="luna_usb", ports=ports, strip_internal_attrs=True, emit_src=False)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        for rule in ("WIDTH", "UNUSED", "CASEINCOMPLETE"):
            file.write(f"/* verilator lint_off {rule} */\n")
        file.write(text)


if __name__ == "__main__":
    main()
