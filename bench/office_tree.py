"""An office's disk for the check of one machine: files of typical kinds and sizes, hashes, YARA rules, and
planted files."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_KINDS: Sequence[tuple[str, bytes, int, int, int]] = (
    # Extension, first bytes, weight, least and greatest size: sizes are spread evenly over their logarithm.
    (".docx", b"PK\x03\x04\x14\x00\x06\x00word/document.xml", 30, 12_000, 900_000),
    (".xlsx", b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml", 18, 9_000, 2_000_000),
    (".pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 20, 40_000, 8_000_000),
    (".jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", 14, 80_000, 5_000_000),
    (".exe", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", 5, 60_000, 24_000_000),
    (".dll", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", 8, 20_000, 4_000_000),
    (".txt", b"", 5, 200, 60_000),
)
_PROGRAMS = (".exe", ".dll")
_WORDS = (
    b"GetProcAddress\0LoadLibraryA\0",
    b"cmd.exe /c ",
    b"Software\\Microsoft\\Windows\\",
    b"http://",
    bytes(64),
)
RULES = 300


@dataclass(frozen=True, slots=True)
class Office:
    """`root` is the disk, `size` the bytes of its files; `hashes` by algorithm; `planted` are file names."""

    root: Path
    size: int
    files: int
    rules: Path
    hashes: dict[str, list[str]]
    planted: list[str]

    def hash_file(self, algorithms: Sequence[str]) -> Path:
        """The hashes of these algorithms, one a line."""
        path = self.rules.with_name(f"hashes-{'-'.join(algorithms)}.txt")
        path.write_text("".join(f"{one} Test\n" for name in algorithms for one in self.hashes[name]))
        return path


def make(folder: Path, total: int, seed: int) -> Office:
    """The same arguments give the same disk; an existing disk is used again."""
    place = folder / f"office-{total}-{seed}"
    if not (place / "told.json").is_file():
        _write(place, total, random.Random(seed))
    document = json.loads((place / "told.json").read_text(encoding="utf-8"))
    return Office(
        place / "disk",
        document["size"],
        document["files"],
        place / "rules.yar",
        document["hashes"],
        document["planted"],
    )


def _write(place: Path, total: int, chance: random.Random) -> None:
    root = place / "disk"
    for name in ("etc", "usr"):
        (root / name).mkdir(parents=True, exist_ok=True)
    strings = [(_name(chance), chance.randbytes(12), _name(chance)) for _ in range(RULES)]
    (place / "rules.yar").write_text("".join(map(_rule, range(RULES), strings)), encoding="ascii")
    hashes: dict[str, list[str]] = {
        name: [getattr(hashlib, name)(chance.randbytes(8)).hexdigest() for _ in range(500)]
        for name in ("md5", "sha1", "sha256")
    }
    size = number = 0
    weights = [kind[2] for kind in _KINDS]
    while size < total:
        suffix, head, _weight, least, most = chance.choices(_KINDS, weights)[0]
        wanted = int(least * (most / least) ** chance.random())
        body = head + (_program if suffix in _PROGRAMS else _document)(chance, wanted - len(head))
        folder = root / "home" / f"can-bo-{number % 40:02d}" / f"{number % 13:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"tep-{number:06d}{suffix}").write_bytes(body)
        size, number = size + len(body), number + 1
    planted = []
    for at, name in enumerate(hashes):
        body = b"MZ" + _program(chance, 300_000 + at)
        # One hash for each file: a file listed by two hashes would be found even if one algorithm were
        # broken.
        hashes[name].append(getattr(hashlib, name)(body).hexdigest())
        (root / "home" / f"listed-{name}.exe").write_bytes(body)
        planted.append(f"listed-{name}.exe")
    for at in (7, 150, 299):
        text, bytes_, _wide = strings[at]
        body = b"MZ" + _program(chance, 200_000) + text.encode() + bytes_ + _program(chance, 5_000)
        (root / "home" / f"rule-{at}.exe").write_bytes(body)
        planted.append(f"rule-{at}.exe")
    told = {"size": size, "files": number + 6, "hashes": hashes, "planted": planted}
    (place / "told.json").write_text(json.dumps(told), encoding="utf-8")


def _document(chance: random.Random, size: int) -> bytes:
    """Packed content: it looks like noise."""
    return chance.randbytes(max(size, 0))


def _program(chance: random.Random, size: int) -> bytes:
    """Code, text and gaps."""
    make: Sequence[Callable[[], bytes]] = (
        lambda: chance.randbytes(4096),
        lambda: bytes(chance.randrange(2048)),
        lambda: chance.choice(_WORDS) * 8,
        lambda: chance.randbytes(64) * 24,
    )
    parts, length = [], 0
    while length < size:
        parts.append(chance.choice(make)())
        length += len(parts[-1])
    return b"".join(parts)[: max(size, 0)]


def _name(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=14))


def _rule(number: int, strings: tuple[str, bytes, str]) -> str:
    """A rule like those of campaigns: texts, bytes, wide texts; four in five are for programs only."""
    text, bytes_, wide = strings
    only = "uint16(0) == 0x5A4D and " if number % 5 else ""
    return (
        f'rule made_up_{number} {{ strings: $a = "{text}" $b = {{ {bytes_.hex(" ")} }} $c = "{wide}" wide'
        f" condition: {only}2 of them }}\n"
    )
