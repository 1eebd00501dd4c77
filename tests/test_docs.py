# SPDX-License-Identifier: Apache-2.0
"""Pages say what is there: their links lead somewhere, and the targets and files that they name exist."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILES = [ROOT / "Makefile", *ROOT.glob("*/*.mk")]
TARGETS = {
    target
    for path in MAKEFILES
    for line in re.findall(r"^\.PHONY:(.*)$", path.read_text(), re.MULTILINE)
    for target in line.split()
}


def headings(path):
    """As GitHub makes anchors of them."""
    lines = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in headings(there), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_make_targets(page):
    text = page.read_text()
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^\s*(make .*?)(?: +#.*)?$", text, re.MULTILINE)
    for command in code:
        if match := re.match(r"(?:sudo )?make ((?:[\w/.=-]+ ?)*)", command):
            for word in match[1].split():
                assert "=" in word or word.startswith("build/") or word in TARGETS, f"{page.name}: make {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files(page):
    """Paths of the tree, in code marks."""
    for path in re.findall(r"`((?:rtl|fw|host|tests|verilator|docs)/[\w/.-]+)`", page.read_text()):
        if not re.search(r"[A-Z]{3}", path):
            assert (ROOT / path).exists(), f"{page.name}: {path}"
