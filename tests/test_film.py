# SPDX-License-Identifier: Apache-2.0
"""`coffer film`: the tables of encrypted MP4 files, bad ones, and films through a virtual board."""

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/film"))

from packager import Film, Key, Layout, box, crypt, find  # noqa: E402

BUILD = ROOT / "build"
DUMP = BUILD / "san/tests/film_dump"  # under the sanitizers: it reads hostile files
COFFER = BUILD / "bin/coffer"
FILM_SAMPLES = 12
BOARD_TIMEOUT = 1100


@pytest.fixture(scope="session")
def clear(tmp_path_factory):
    """A short film of two scenes of noise and colour, made here: 64 x 48, a key frame each six."""
    path = tmp_path_factory.mktemp("clear") / "clear.mp4"
    source = "testsrc2=size=64x48:rate=12:duration=1,noise=alls=40:allf=t"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-g", "6", "-bf", "0", path]
    subprocess.run(command, check=True, timeout=600)
    return path


@pytest.fixture(scope="session")
def film(clear):
    film = Film(clear, DUMP, FILM_SAMPLES)
    assert len(film.samples) == FILM_SAMPLES and min(map(len, film.samples)) > 700
    return film


def dump(path, fails=False):
    run = subprocess.run([DUMP, path], capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == fails, run.stdout + run.stderr
    return run.stdout.strip() if fails else [line.split(" ") for line in run.stdout.splitlines()]


def clear_samples(path, keys=()):
    """The samples of a file, decrypted here by what the tables say."""
    data, keys = path.read_bytes(), {k.kid: k.key for k in keys}
    out = []
    for _, _, offset, size, protected, kid, iv, pairs in dump(path):
        sample = data[int(offset) : int(offset) + int(size)]
        pairs = [tuple(map(int, p.split("+"))) for p in pairs.split(",") if p]
        out.append(crypt(keys[bytes.fromhex(kid)], bytes.fromhex(iv), pairs, sample) if int(protected) else sample)
    return out


# ---- layouts: each makes a file of the film's samples and the keys that it needs ----


def simple(film, path, subsamples=True, **options):
    layout = Layout(Key(), **options)
    return film.write(path, layout, film.plans(layout, subsamples)), [layout.default]


def clear_lead(film, path, **options):
    """A second, clear sample description, used by the first samples."""
    layout = Layout(Key(), second_description=True, **options)
    plans = film.plans(layout)
    for plan in plans[:4]:
        plan.key, plan.description = None, 2
    return film.write(path, layout, plans), [layout.default]


def clear_by_subsamples(film, path, **options):
    layout = Layout(Key(), **options)
    plans = film.plans(layout)
    for plan, sample in zip(plans[::3], film.samples[::3], strict=True):
        plan.pairs = [(1, 0), (len(sample) - 1, 0)]
    return film.write(path, layout, plans), [layout.default]


def clear_groups(film, path, **options):
    layout = Layout(Key(), groups=[None], **options)
    plans = film.plans(layout)
    for plan in plans[1::3]:
        plan.key, plan.group, plan.pairs = None, 1, []
    return film.write(path, layout, plans), [layout.default]


def key_rotation(film, path, **options):
    keys = [Key(), Key()]
    layout = Layout(Key(), groups=keys, **options)
    plans = film.plans(layout)
    for i, plan in enumerate(plans[4:], 4):
        plan.group = 1 if i < 8 else 2
        plan.key = keys[plan.group - 1]
    return film.write(path, layout, plans), [layout.default, *keys]


def wrapping_counter(film, path, **options):
    """Initialization vectors of 16 bytes whose low half runs over in the sample: it does not carry."""
    layout = Layout(Key(), iv_bytes=16, **options)
    plans = film.plans(layout)
    for i, plan in enumerate(plans):
        plan.iv = secrets.token_bytes(8) + (2**64 - 1 - i).to_bytes(8, "big")
    return film.write(path, layout, plans), [layout.default]


def many_runs(film, path, **options):
    """Far more than 128 subsamples, with empty ones among them."""
    layout = Layout(Key(), **options)
    plans = film.plans(layout)
    for plan, sample in zip(plans, film.samples, strict=True):
        plan.pairs = [(1, 2), (0, 0), (0, 1)] * (len(sample) // 4) + [(len(sample) % 4, 0)]
    return film.write(path, layout, plans), [layout.default]


LAYOUTS = {
    "plain": (simple, {}),
    "plain-16": (simple, {"iv_bytes": 16}),
    "plain-whole": (simple, {"subsamples": False}),
    "plain-saio": (simple, {"aux": "saio"}),
    "plain-saio-whole": (simple, {"aux": "saio", "subsamples": False, "iv_bytes": 16}),
    "fragments": (simple, {"per_fragment": 4}),
    "fragments-odd": (simple, {"per_fragment": 5, "iv_bytes": 16}),
    "fragments-whole": (simple, {"per_fragment": 4, "subsamples": False}),
    "fragments-saio": (simple, {"per_fragment": 4, "aux": "saio"}),
    "fragments-old-base": (simple, {"per_fragment": 4, "default_base_is_moof": False}),
    "lead": (clear_lead, {"per_chunk": 2}),
    "lead-saio": (clear_lead, {"per_chunk": 2, "aux": "saio"}),
    "lead-fragments": (clear_lead, {"per_fragment": 4}),
    "clear-runs": (clear_by_subsamples, {}),
    "clear-runs-fragments": (clear_by_subsamples, {"per_fragment": 3}),
    "clear-groups": (clear_groups, {}),
    "clear-groups-bare": (clear_groups, {"clear_has_count": False, "per_fragment": 4}),
    "clear-groups-saio": (clear_groups, {"aux": "saio", "per_fragment": 4, "local_groups": True}),
    "rotation": (key_rotation, {}),
    "rotation-fragments": (key_rotation, {"per_fragment": 4}),
    "rotation-local": (key_rotation, {"per_fragment": 4, "local_groups": True}),
    "wrap": (wrapping_counter, {}),
    "many-runs": (many_runs, {}),
}


SCHEMES = {
    "cens": {"scheme": "cens", "pattern": (2, 3)},
    "cens-whole": {"scheme": "cens", "pattern": (1, 9), "subsamples": False},
    "cbc1": {"scheme": "cbc1", "iv_bytes": 16},
    "cbc1-whole": {"scheme": "cbc1", "iv_bytes": 16, "subsamples": False},
    "cbcs": {"scheme": "cbcs", "pattern": (1, 9), "iv_bytes": 0, "constant_iv": bytes(range(16))},
    "cbcs-fragments": {
        "scheme": "cbcs",
        "pattern": (1, 9),
        "iv_bytes": 0,
        "constant_iv": bytes(range(16)),
        "per_fragment": 4,
    },
    "cbcs-fragments-whole": {
        "scheme": "cbcs",
        "iv_bytes": 0,
        "constant_iv": bytes(range(8, 16)),
        "per_fragment": 5,
        "subsamples": False,
    },
    "cbcs-long": {"scheme": "cbcs", "pattern": (3, 1), "iv_bytes": 16},
    "cens-saio": {"scheme": "cens", "pattern": (1, 2), "aux": "saio", "per_fragment": 4},
}


def whole_blocks(pairs):
    return [(c + e % 16, e - e % 16) for c, e in pairs]


def of_scheme(film, path, subsamples=True, **options):
    layout = Layout(Key(), **options)
    plans = film.plans(layout, subsamples)
    for plan in plans:
        if layout.scheme == "cbc1":
            plan.pairs = whole_blocks(plan.pairs)
    return film.write(path, layout, plans), [layout.default]


@pytest.mark.parametrize("name", LAYOUTS)
def test_tables_of_every_layout(film, tmp_path, name):
    make, options = LAYOUTS[name]
    path, keys = make(film, tmp_path / "film.mp4", **options)
    assert path.read_bytes().find(film.samples[5]) < 0, "a sample that is encrypted"
    assert clear_samples(path, keys) == film.samples


def raw_samples(path):
    data = path.read_bytes()
    return [data[int(offset) : int(offset) + int(size)] for _, _, offset, size, *_ in dump(path)]


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_sample_passes_libavformat(film, tmp_path, name):
    """Through demuxer and muxer without a board between them, encrypted samples as they are."""
    make, options = LAYOUTS[name]
    path, _ = make(film, tmp_path / "film.mp4", **options)
    out = tmp_path / "out.mp4"
    run = subprocess.run(
        [BUILD / "tests/film_remux", path, out], capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == 0, run.stderr
    assert raw_samples(out) == raw_samples(path)
    assert all(line[4] == "0" for line in dump(out))


def test_tables_of_ffmpeg(clear, tmp_path):
    key = Key()
    path = tmp_path / "film.mp4"
    options = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key.key.hex(), "-encryption_kid", key.kid.hex()]
    subprocess.run(["ffmpeg", "-v", "error", "-i", clear, "-c", "copy", *options, path], check=True, timeout=600)
    assert clear_samples(path, [key]) == clear_samples(clear)
    out = tmp_path / "out.mp4"
    subprocess.run([BUILD / "tests/film_remux", path, out], check=True, timeout=600)
    assert key_frames(out) == key_frames(clear), "nobody takes encrypted samples for key frames"


def key_frames(path):
    return find(path.read_bytes(), "moov", "trak", "mdia", "minf", "stbl", "stss")


@pytest.mark.parametrize("build", ["build", "build/san"])
def test_cuts(build):
    run = subprocess.run([ROOT / build / "tests/film_cut"], capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


# ---- bad input: told before a board is asked, and no output appears ----


def refused(path, keys, status=8):
    out = path.with_name("out.mp4")
    command = [COFFER, "film", path, out, *(f"--key={k.option()}" for k in keys)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == status, run.stderr
    assert run.stderr.count("\n") == 1 and not run.stdout, run.stderr
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return run.stderr


def test_truncated_anywhere(film, tmp_path):
    for per_fragment in 0, 4:
        path, keys = simple(film, tmp_path / "film.mp4", per_fragment=per_fragment)
        data = path.read_bytes()
        for length in (0, 5, 40, len(data) // 2, len(data) - 700, len(data) - 1):
            path.write_bytes(data[:length])
            assert "truncated" in (message := refused(path, keys)) or "no MP4 file" in message


def test_every_damaged_byte_of_the_tables_is_survived(film, tmp_path):
    """Not that it is noticed (much of it cannot be), but that the reader neither crashes nor hangs."""
    path, _ = key_rotation(film, tmp_path / "film.mp4", per_fragment=6, local_groups=True)
    data = path.read_bytes()
    seed = secrets.randbits(32)
    print("seed", seed)
    places = [i for i in range(len(data)) if (i * 2654435761 + seed) % 37 == 0 and not 40 < i % 4096 < 400][:150]
    for at in places:
        damaged = bytearray(data)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        run = subprocess.run([DUMP, path], capture_output=True, timeout=600, check=False)
        assert run.returncode in (0, 1)


def test_not_encrypted(clear, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(clear.read_bytes())
    assert "not encrypted" in refused(path, [Key()])


@pytest.mark.parametrize("scheme", ["piff", "cbcx"])
def test_another_scheme(film, tmp_path, scheme):
    path, keys = simple(film, tmp_path / "film.mp4", scheme=scheme)
    assert f"scheme {scheme}" in refused(path, keys)


def test_no_key_for_an_id_names_it_and_the_sample(film, tmp_path):
    path, keys = key_rotation(film, tmp_path / "film.mp4")
    message = refused(path, keys[:2])
    assert keys[2].kid.hex() in message and "sample 9" in message
    for key in keys:
        assert key.key.hex() not in message


def test_subsamples_that_overrun_or_fall_short(film, tmp_path):
    for change in 1, -1:
        layout = Layout(Key())
        plans = film.plans(layout)
        path = film.write(tmp_path / "film.mp4", layout, plans)
        clear, encrypted = plans[6].pairs[1]
        before = film.aux_entry(layout, plans[6], True)
        plans[6].pairs[1] = (clear, encrypted + change)
        path.write_bytes(path.read_bytes().replace(before, film.aux_entry(layout, plans[6], True)))
        assert "sample 7: its subsamples" in refused(path, [layout.default])


def test_without_vectors(film, tmp_path):
    path, keys = simple(film, tmp_path / "film.mp4", aux="none", per_fragment=4)
    assert "sample 1: encrypted, but without an initialization vector" in refused(path, keys)


def test_a_group_or_description_that_does_not_exist(film, tmp_path):
    layout = Layout(Key(), groups=[Key()])
    plans = film.plans(layout)
    plans[3].group = 2
    path = film.write(tmp_path / "film.mp4", layout, plans)
    assert "sample 4: its group 2 does not exist" in refused(path, [layout.default])
    layout = Layout(Key())
    plans = film.plans(layout)
    plans[5].description = 3
    path = film.write(tmp_path / "film.mp4", layout, plans)
    assert "sample 6: its sample description 3 does not exist" in refused(path, [layout.default])


CONSTANT = {"iv_bytes": 0, "constant_iv": bytes(range(16))}
NOT_ALLOWED = {
    "cens-no-pattern": ({"scheme": "cens"}, "subsamples, but no pattern"),
    "cbcs-no-pattern": ({"scheme": "cbcs", **CONSTANT}, "subsamples, but no pattern"),
    "cens-empty-pattern": ({"scheme": "cens", "pattern": (0, 9)}, "a pattern that encrypts nothing"),
    "cbcs-empty-pattern": ({"scheme": "cbcs", "pattern": (0, 9)}, "a pattern that encrypts nothing"),
    "cenc-pattern": ({"pattern": (1, 9)}, "a pattern, which its scheme does not allow"),
    "cbc1-pattern": (
        {"scheme": "cbc1", "iv_bytes": 16, "pattern": (1, 9)},
        "a pattern, which its scheme does not allow",
    ),
    "cenc-constant": (CONSTANT, "a constant initialization vector"),
    "cens-constant": ({"scheme": "cens", "pattern": (1, 9), **CONSTANT}, "a constant initialization vector"),
    "cbc1-constant": ({"scheme": "cbc1", **CONSTANT}, "a constant initialization vector"),
}


@pytest.mark.parametrize("per_fragment", [0, 4])
@pytest.mark.parametrize("name", NOT_ALLOWED)
def test_what_its_scheme_does_not_allow(film, tmp_path, name, per_fragment):
    options, message = NOT_ALLOWED[name]
    layout = Layout(Key(), per_fragment=per_fragment, **options)
    # Its first four samples are clear: the fifth is the first to be at fault.
    layout.groups = [None]
    plans = film.plans(layout)
    for plan in plans[:4]:
        plan.key, plan.group, plan.pairs = None, 1, []
    path = film.write(tmp_path / "film.mp4", layout, plans)
    assert f"track 1, sample 5: {message}" in refused(path, [layout.default])


@pytest.mark.parametrize("per_fragment", [0, 4])
def test_what_the_scheme_of_its_description_does_not_allow_of_a_group(film, tmp_path, per_fragment):
    layout = Layout(Key(), groups=[Key()], per_fragment=per_fragment, group_pattern=(1, 9))
    plans = film.plans(layout)
    plans[6].group, plans[6].key = 1, layout.groups[0]
    path = film.write(tmp_path / "film.mp4", layout, plans)
    assert "track 1, sample 7: a pattern, which its scheme" in refused(path, [layout.default, *layout.groups])


def test_subsamples_of_cbc1_that_are_not_whole_blocks(film, tmp_path):
    layout = Layout(Key(), scheme="cbc1", iv_bytes=16)
    plans = film.plans(layout)
    for plan in plans:
        plan.pairs = whole_blocks(plan.pairs)
    (clear, encrypted), last = plans[8].pairs
    plans[8].pairs = [(clear - 1, encrypted + 1), last]
    path = film.write(tmp_path / "film.mp4", layout, plans)
    assert "track 1, sample 9: a subsample that is not of whole blocks" in refused(path, [layout.default])


def shorten(path, kind):
    """Takes 8 bytes off the end of the second of these boxes (or the only one), and puts an empty box there."""
    data = path.read_bytes()
    places = [i for i in range(len(data)) if data[i : i + 4] == kind]
    at = places[:2][-1] - 4
    size = int.from_bytes(data[at : at + 4], "big")
    shorter = (size - 8).to_bytes(4, "big") + data[at + 4 : at + size - 8] + box("free")
    path.write_bytes(data[:at] + shorter + data[at + size :])


@pytest.mark.parametrize("kind", ["senc", "saiz", "saio"])
@pytest.mark.parametrize("name", ["cens", "cbc1", "cbcs", "cbcs-long"])
def test_truncated_vectors_and_subsamples(film, tmp_path, name, kind):
    for per_fragment, sample in (0, 1), (9, 10):
        options = {**SCHEMES[name], "aux": "senc" if kind == "senc" else "saio", "per_fragment": per_fragment}
        path, keys = of_scheme(film, tmp_path / "film.mp4", **options)
        shorten(path, kind.encode())
        message = refused(path, keys)
        assert (
            f"track 1, samples from {sample}: {'senc does' if kind == 'senc' else 'saiz and saio do'} not fit"
            in message
        )


@pytest.mark.parametrize("name", ["cens", "cbc1", "cbcs", "cbcs-long"])
def test_counts_that_do_not_fit(film, tmp_path, name):
    """A senc of more entries than it counts, a saio of fewer; with a constant vector, too, no sample goes without."""
    path, keys = of_scheme(film, tmp_path / "film.mp4", **SCHEMES[name])
    data = path.read_bytes()
    count = data.index(b"senc") + 8
    path.write_bytes(data[:count] + (FILM_SAMPLES - 1).to_bytes(4, "big") + data[count + 4 :])
    assert "track 1, samples from 1: senc does not fit" in refused(path, keys)
    path, keys = of_scheme(film, tmp_path / "film.mp4", **{**SCHEMES[name], "aux": "saio"})
    data = path.read_bytes()
    count = data.index(b"saio") + 16
    path.write_bytes(data[:count] + (2).to_bytes(4, "big") + data[count + 4 :])
    assert "track 1, samples from 1: saiz and saio do not fit" in refused(path, keys)


@pytest.mark.parametrize("name", ["cens", "cbc1", "cbcs", "cbcs-long"])
def test_auxiliary_information_behind_the_end_or_too_short(film, tmp_path, name):
    path, keys = of_scheme(film, tmp_path / "film.mp4", **{**SCHEMES[name], "aux": "saio"})
    data = path.read_bytes()
    saio = data.index(b"saio") + 20
    path.write_bytes(data[:saio] + (len(data) - 3).to_bytes(4, "big") + data[saio + 4 :])
    assert "track 1, sample 1: malformed auxiliary information" in refused(path, keys)
    saiz = data.index(b"saiz") + 21 + 3  # the fourth sample's
    path.write_bytes(data[:saiz] + bytes([data[saiz] - 6]) + data[saiz + 1 :])
    assert "track 1, sample 4: malformed auxiliary information" in refused(path, keys)


def test_no_film_at_all(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(secrets.token_bytes(5000))
    assert "no MP4 file" in refused(path, [Key()])


def test_wrong_usage(film, tmp_path):
    path, keys = simple(film, tmp_path / "film.mp4")
    assert "no key" in refused(path, [], status=2)
    assert "two keys for one id" in refused(path, keys * 2, status=2)


# ---- on a board ----

OPEN = ["fragments-whole", "many-runs"]
PROTECTED = ["lead", "clear-groups-bare", "rotation-local", "wrap"]
CLEAR_SAMPLES = {"lead": 4, "clear-groups-bare": 4}


def film_of_one_large_sample(folder, **options):
    """300 kB, which no surface holds, with runs that end anywhere."""
    clear = folder / "noise.mp4"
    source = "nullsrc=size=640x360:rate=2:duration=1,geq=random(1)*255:128:128"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-qp", "1", clear]
    subprocess.run(command, check=True, timeout=600)
    film = Film(clear, DUMP, 1)
    (sample,) = film.samples
    assert len(sample) > 200000
    layout = Layout(Key(), **options)
    plans = film.plans(layout)
    plans[0].pairs = [(5, 65521), (3, 70001), (40000, len(sample) - 175530)]
    return film, film.write(folder / "large.mp4", layout, plans), [layout.default]


def test_films_through_a_board(film, tmp_path):
    """One after another on one board, for a key exchange takes seconds of simulation."""
    films, script = {}, ["set -e"]
    for name in OPEN + PROTECTED:
        make, layout = LAYOUTS[name]
        films[name] = (film, *make(film, tmp_path / f"{name}.mp4", **layout))
    films["large"] = film_of_one_large_sample(tmp_path)
    for name, (_, path, keys) in films.items():
        (tmp_path / f"{name}.keys").write_text("\n".join(["# content keys", *(k.option() for k in keys)]))
        files = [path, tmp_path / f"{name}.out.mp4", "--key-file", tmp_path / f"{name}.keys"]
        command = [COFFER, "film", *files, "--json", *([] if name in OPEN else ["--protected"])]
        script.append(" ".join(map(str, command)))
    command = [BUILD / "bin/coffer-board", "run", "--quiet", "--", "sh", "-c", "\n".join(script)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=BOARD_TIMEOUT, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    for (name, (source, path, _)), line in zip(films.items(), run.stdout.splitlines(), strict=True):
        report = json.loads(line)
        assert clear_samples(tmp_path / f"{name}.out.mp4") == source.samples, name
        assert report["protected"] == (name not in OPEN)
        assert report["encrypted_samples"] == len(source.samples) - CLEAR_SAMPLES.get(name, 0), name
        protected = [len(s) for s, line in zip(source.samples, dump(path), strict=True) if line[4] == "1"]
        assert report["board_bytes"] == sum(protected), "clear samples never go to the board"


@pytest.mark.parametrize("name", SCHEMES)
def test_ffmpeg_reads_what_the_packager_writes(film, clear, tmp_path, name):
    """Fragmented files as one fragment: in the second one ffmpeg takes wrong vectors, whatever the scheme."""
    options = dict(SCHEMES[name])
    if "per_fragment" in options:
        options["per_fragment"] = FILM_SAMPLES
    path, keys = of_scheme(film, tmp_path / "film.mp4", **options)
    out = tmp_path / "out.mp4"
    command = ["ffmpeg", "-v", "error", "-decryption_key", keys[0].key.hex(), "-i", path, "-c", "copy", out]
    subprocess.run(command, check=True, timeout=60)
    assert clear_samples(out) == film.samples


def test_schemes_through_a_board(film, tmp_path):
    films = {name: (film, *of_scheme(film, tmp_path / f"{name}.mp4", **options)) for name, options in SCHEMES.items()}
    films["large"] = film_of_one_large_sample(tmp_path, **SCHEMES["cbcs-long"])
    script = ["set -e"]
    for i, (name, (_, path, keys)) in enumerate(films.items()):
        protected = ["--protected"] if i % 2 or name == "large" else []
        command = [COFFER, "film", path, tmp_path / f"{name}.out.mp4", f"--key={keys[0].option()}", *protected]
        script.append(" ".join(map(str, command)))
    command = [BUILD / "bin/coffer-board", "run", "--quiet", "--", "sh", "-c", "\n".join(script)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=BOARD_TIMEOUT, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    for name, (source, _, _) in films.items():
        assert clear_samples(tmp_path / f"{name}.out.mp4") == source.samples, name
