"""Unsafe Rust stands in one module, and each use names the invariant that makes it sound."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RAW = ROOT / "crates/matcher/src/raw"
USE = re.compile(r"\bunsafe\b(?=\s*(?:\{|impl\b|fn\b|extern\b|trait\b))|\ballow\(unsafe_code\)")


def uses(path: Path) -> list[int]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [i for i, line in enumerate(lines) if USE.search(line.split("//")[0])]


def test_only_one_module_has_unsafe_code() -> None:
    found = [path for path in ROOT.glob("crates/*/**/*.rs") if uses(path)]
    assert found
    assert [path for path in found if RAW not in path.parents] == []
    assert "#![deny(unsafe_code)]" in (RAW.parent / "lib.rs").read_text(encoding="utf-8")


def test_each_use_says_why_it_is_sound() -> None:
    for path in RAW.glob("*.rs"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number in uses(path):
            if "allow(unsafe_code)" not in lines[number]:
                assert "// SAFETY: " in "\n".join(lines[max(0, number - 2) : number]), f"{path}:{number + 1}"
