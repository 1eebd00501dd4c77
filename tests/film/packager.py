# SPDX-License-Identifier: Apache-2.0
"""Writes encrypted MP4 files in the layouts that packagers use: one video track with the samples of a clear file.

ISO/IEC 14496-12 (boxes) and 23001-7 (Common Encryption, all four schemes), independently of what reads them here.
"""

import dataclasses
import secrets
import struct
import subprocess

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def full(kind, version, flags, *parts):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def u16(*values):
    return struct.pack(f">{len(values)}H", *values)


def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind.decode("latin-1"), data[at + 8 : at + size]
        at += size


def find(data, *path):
    for name in path:
        data = next(body for kind, body in boxes(data) if kind == name)
    return data


def keystream(key, iv, size):
    """AES-CTR whose low 64 bits wrap: blocks for `size` bytes."""
    high, low = iv[:8], int.from_bytes(iv[8:], "big")
    counters = b"".join(high + ((low + i) % 2**64).to_bytes(8, "big") for i in range((size + 15) // 16))
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(counters)[:size]


def encrypt_scheme(key, iv, pairs, data, scheme, pattern):
    """Encrypts a sample by cens, cbc1 or cbcs: runs of whole blocks, a run cut short stays clear."""
    iv, out, at = iv.ljust(16, b"\0"), bytearray(data), 0
    run, skip = (16 * n for n in (pattern if pairs and scheme != "cbc1" else (1, 0)))
    stream, used = keystream(key, iv, len(data)), 0
    whole = not pairs and scheme == "cens"  # every byte
    mode = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    for clear, encrypted in pairs or [(0, len(data))]:
        at, end = at + clear, at + clear + encrypted
        if scheme == "cbcs":
            mode = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        while run and (end - at >= run or (whole and at < end)):
            n = min(run, end - at)
            if scheme == "cens":
                out[at : at + n] = bytes(a ^ b for a, b in zip(out[at : at + n], stream[used : used + n], strict=True))
                used += n
            else:
                out[at : at + n] = mode.update(bytes(out[at : at + n]))
            at += n + min(skip, end - at - n)
        at = end
    return bytes(out)


def crypt(key, iv, pairs, data):
    """Encrypts or decrypts a sample; the keystream goes on over clear bytes. No pairs: all of it."""
    pairs = pairs or [(0, len(data))]
    assert sum(map(sum, pairs)) == len(data)
    stream = keystream(key, iv.ljust(16, b"\0"), sum(e for _, e in pairs))
    out, at, used = bytearray(data), 0, 0
    for clear, encrypted in pairs:
        at += clear
        for i in range(encrypted):
            out[at + i] ^= stream[used + i]
        at += encrypted
        used += encrypted
    return bytes(out)


@dataclasses.dataclass
class Key:
    kid: bytes = dataclasses.field(default_factory=lambda: secrets.token_bytes(16))
    key: bytes = dataclasses.field(default_factory=lambda: secrets.token_bytes(16))

    def option(self):
        return f"{self.kid.hex()}:{self.key.hex()}"


@dataclasses.dataclass
class Plan:
    """What becomes of one sample."""

    key: Key | None = None  # None: clear
    iv: bytes = b""
    pairs: list = dataclasses.field(default_factory=list)
    group: int = 0  # of type seig, from 1; 0: none
    description: int = 1


@dataclasses.dataclass
class Layout:
    default: Key
    iv_bytes: int = 8
    scheme: str = "cenc"
    pattern: tuple = (0, 0)
    constant_iv: bytes = b""
    per_fragment: int = 0  # samples of a fragment; 0: not fragmented
    per_chunk: int = 5
    aux: str = "senc"  # or saio, or none
    second_description: bool = False  # a clear one
    groups: list = dataclasses.field(default_factory=list)  # of Key, or None for clear samples
    group_pattern: tuple = ()  # of the groups; none: as the description's
    local_groups: bool = False  # in the fragments instead of the stbl
    clear_has_count: bool = True  # in senc, a clear sample has a subsample count
    default_base_is_moof: bool = True


class Film:
    """The first video samples of a clear MP4 and what else a track needs."""

    def __init__(self, path, dump, count):
        data = path.read_bytes()
        lines = subprocess.run(
            [dump, path], capture_output=True, text=True, check=True, timeout=600
        ).stdout.splitlines()
        places = [line.split() for line in lines if line.startswith("1 ")][:count]
        self.samples = [data[int(p[2]) : int(p[2]) + int(p[3])] for p in places]
        moov = find(data, "moov")
        track = find(moov, "trak")
        self.tkhd = find(track, "tkhd")
        self.mdhd = find(track, "mdia", "mdhd")
        self.hdlr = find(track, "mdia", "hdlr")
        self.vmhd = find(track, "mdia", "minf", "vmhd")
        self.entry = find(track, "mdia", "minf", "stbl", "stsd")[8:]  # one sample entry, avc1
        assert self.entry[4:8] == b"avc1"

    # ---- protection ----

    def plans(self, layout, subsamples=True):
        """Every sample encrypted under the default key, in two runs after a clear head, or as a whole."""
        out = []
        for sample in self.samples:
            half = len(sample) // 2
            pairs = (
                [(5, half - 5), (min(300, len(sample) - half), max(0, len(sample) - half - 300))] if subsamples else []
            )
            out.append(Plan(layout.default, secrets.token_bytes(layout.iv_bytes), pairs))
        return out

    @staticmethod
    def parameters(layout, key):
        """isProtected, Per_Sample_IV_Size, KID."""
        constant = bytes([len(layout.constant_iv)]) + layout.constant_iv if key and layout.constant_iv else b""
        return bytes([key is not None, layout.iv_bytes if key else 0]) + (key.kid if key else bytes(16)) + constant

    def sample_entries(self, layout):
        sinf = box(
            "sinf",
            box("frma", b"avc1"),
            full("schm", 0, 0, layout.scheme.encode(), u32(0x10000)),
            box(
                "schi",
                full(
                    "tenc",
                    any(layout.pattern),
                    0,
                    bytes([0, layout.pattern[0] << 4 | layout.pattern[1]]),
                    self.parameters(layout, layout.default),
                ),
            ),
        )
        encrypted = box("encv", self.entry[8:], sinf)
        return [encrypted, self.entry] if layout.second_description else [encrypted]

    def sgpd(self, layout):
        """Of one length, or each with its own: a clear entry has no constant vector."""
        crypt_blocks, skip_blocks = layout.group_pattern or layout.pattern
        pattern = bytes([0, crypt_blocks << 4 | skip_blocks])
        entries = [pattern + self.parameters(layout, key) for key in layout.groups]
        lengths = set(map(len, entries))
        length = lengths.pop() if len(lengths) == 1 else 0
        entries = [(b"" if length else u32(len(e))) + e for e in entries]
        return full("sgpd", 1, 0, b"seig", u32(length, len(layout.groups)), *entries)

    @staticmethod
    def sbgp(layout, plans):
        base = 0x10000 if layout.local_groups else 0
        entries = [u32(1, p.group + base if p.group else 0) for p in plans]
        return full("sbgp", 0, 0, b"seig", u32(len(entries)), *entries)

    @staticmethod
    def aux_entry(layout, plan, counted):
        if not plan.key:
            return u16(0) if counted and layout.clear_has_count else b""
        return plan.iv + (
            u16(len(plan.pairs)) + b"".join(struct.pack(">HI", *p) for p in plan.pairs) if counted else b""
        )

    def aux(self, layout, plans, offset):
        """senc, or saiz and saio, with the bytes that saio points to (at `offset`)."""
        counted = any(p.pairs for p in plans)
        entries = [self.aux_entry(layout, p, counted) for p in plans]
        if layout.aux == "none" or not any(p.key for p in plans):
            return b"", b""
        if layout.aux == "senc":
            return full("senc", 0, 2 * counted, u32(len(plans)), *entries), b""
        sizes = bytes(len(e) if p.key else 0 for e, p in zip(entries, plans, strict=True))
        entries = [e for e, p in zip(entries, plans, strict=True) if p.key]
        kind = layout.scheme.encode()
        saiz = full("saiz", 0, 1, kind, u32(0), bytes(1), u32(len(sizes)), sizes)
        return saiz + full("saio", 0, 1, kind, u32(0, 1, offset)), b"".join(entries)

    # ---- files ----

    def moov(self, layout, stbl, *extra):
        mvhd = full(
            "mvhd",
            0,
            0,
            bytes(8),
            u32(1000, 0, 0x10000, 0x01000000),
            bytes(8),
            u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000),
            bytes(24),
            u32(2),
        )
        dinf = box("dinf", full("dref", 0, 0, u32(1), full("url ", 0, 1)))
        stsd = full("stsd", 0, 0, u32(len(self.sample_entries(layout))), *self.sample_entries(layout))
        minf = box("minf", box("vmhd", self.vmhd), dinf, box("stbl", stsd, stbl))
        mdia = box("mdia", box("mdhd", self.mdhd), box("hdlr", self.hdlr), minf)
        return box("moov", mvhd, box("trak", box("tkhd", self.tkhd), mdia), *extra)

    def write(self, path, layout, plans):
        def encrypt(p, s):
            if layout.scheme in ("cens", "cbc1", "cbcs"):
                return encrypt_scheme(p.key.key, p.iv or layout.constant_iv, p.pairs, s, layout.scheme, layout.pattern)
            return crypt(p.key.key, p.iv, p.pairs, s)

        data = [encrypt(p, s) if p.key else s for p, s in zip(plans, self.samples, strict=True)]
        path.write_bytes(
            self.fragmented(layout, plans, data) if layout.per_fragment else self.plain(layout, plans, data)
        )
        return path

    def plain(self, layout, plans, data):
        """ftyp, mdat with the auxiliary bytes in front, moov."""
        ftyp = box("ftyp", b"isom", u32(0), b"isomiso6")
        aux, external = self.aux(layout, plans, len(ftyp) + 8)
        at, offsets = len(ftyp) + 8 + len(external), []
        chunks, changes = [], []
        for i, (sample, plan) in enumerate(zip(data, plans, strict=True)):
            if not chunks or chunks[-1][0] == layout.per_chunk or chunks[-1][1] != plan.description:
                chunks.append([0, plan.description])
                offsets.append(at)
            chunks[-1][0] += 1
            at += len(data[i])
            del sample
        for number, (count, description) in enumerate(chunks, 1):
            changes.append(u32(number, count, description))
        stbl = full("stts", 0, 0, u32(1, len(data), 1000)) + full("stsc", 0, 0, u32(len(changes)), *changes)
        stbl += full("stsz", 0, 0, u32(0, len(data), *map(len, data))) + full("stco", 0, 0, u32(len(offsets), *offsets))
        if layout.groups:
            stbl += self.sgpd(layout) + self.sbgp(layout, plans)
        return ftyp + box("mdat", external, *data) + self.moov(layout, stbl + aux)

    def fragment(self, layout, plans, data, number, base):
        description = plans[0].description
        assert all(p.description == description for p in plans)
        tfhd = full("tfhd", 0, (0x20000 if layout.default_base_is_moof else 0) | 2, u32(1, description))
        tfdt = full("tfdt", 0, 0, u32((number - 1) * layout.per_fragment * 1000))
        groups = b""
        if layout.groups:
            groups = (self.sgpd(layout) if layout.local_groups else b"") + self.sbgp(layout, plans)

        def moof(aux, offset):
            rows = b"".join(u32(1000, len(d)) for d in data)
            trun = full("trun", 0, 0x301, u32(len(data), offset), rows)
            return box("moof", full("mfhd", 0, 0, u32(number)), box("traf", tfhd, tfdt, trun, groups, aux))

        aux, external = self.aux(layout, plans, 0)
        size = len(moof(aux, 0))
        aux, external = self.aux(layout, plans, size + 8)
        return moof(aux, size + 8 + len(external)) + box("mdat", external, *data)

    def fragmented(self, layout, plans, data):
        out = box("ftyp", b"iso6", u32(0), b"iso6dash")
        tables = b"".join(full(k, 0, 0, u32(0)) for k in ("stts", "stsc", "stco")) + full("stsz", 0, 0, u32(0, 0))
        if layout.groups and not layout.local_groups:
            tables += self.sgpd(layout)
        trex = full("trex", 0, 0, u32(1, 1, 0, 0, 0))
        out += self.moov(layout, tables, box("mvex", trex))
        for number, i in enumerate(range(0, len(data), layout.per_fragment), 1):
            part = slice(i, i + layout.per_fragment)
            out += self.fragment(layout, plans[part], data[part], number, len(out))
        return out
