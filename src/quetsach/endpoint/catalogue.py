"""The catalogue of signs of tampering, each with its confidence and its harmless explanations.

The signs are data, in `signs/*.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from quetsach.endpoint.condition import Condition, Terms, build
from quetsach.endpoint.fact import FACTS, Fact
from quetsach.endpoint.profile import Profile
from quetsach.errors import QuetsachError


class CatalogueError(QuetsachError):
    """The catalogue of signs is malformed."""

    code = "catalogue"


class Confidence(StrEnum):
    """D1 certain, D2 strong, D3 to be checked against papers, D4 context that never counts alone."""

    D1 = "D1"
    D2 = "D2"
    D3 = "D3"
    D4 = "D4"


class Kind(StrEnum):
    """In force now, left over, run or tried once, or a state of the licence."""

    ACTIVE = "active"
    ARTIFACT = "artifact"
    BEHAVIOUR = "behaviour"
    ANOMALY = "anomaly"


FIXES = (
    "none", "registry_delete", "quarantine", "stop_process", "task_disable", "service_disable",
    "hosts_comment", "exclusion_remove", "firewall_disable", "file_edit", "propose", "isolate",
)  # fmt: skip
"""The fixes that a plan may offer; `none` only reports, `propose` only advises."""
PRODUCTS = (
    "windows", "office", "windows_office", "adobe", "autodesk", "idm", "jetbrains", "winrar", "antivirus",
    "cad", "accounting", "other", "malware", "system",
)  # fmt: skip
NO_SOFTWARE = frozenset({"malware", "antivirus", "system"})
"""Products without a licence."""
_NEEDS: Mapping[str, Callable[[Profile], bool]] = {
    "no_volume_agreement": lambda profile: profile.volume_agreement is False,
    "no_own_kms": lambda profile: not profile.has_kms,
}
"""Statements of the organisation that a clause needs in order to count."""
_NOBODY = Profile()
_LANGUAGES = ("vi", "en")
_ID = re.compile(r"[A-Z]{2,5}-[0-9]{2}")
_KEYS = {
    "id", "confidence", "kind", "product", "fix", "source", "vi", "en", "detect",
}  # fmt: skip
_CLAUSE_KEYS = {"fact", "keys", "needs", "least", "confidence"}


@dataclass(frozen=True, slots=True)
class Text:
    """A sign in one language: the finding, and its harmless explanations."""

    what: str
    false_positive: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One way to detect a sign: conditions on the fields of one fact.

    At least `least` facts with different subjects must match; `confidence` may differ from the sign's own.
    """

    fact: str
    where: Mapping[str, Condition]
    needs: str = ""
    least: int = 1
    confidence: Confidence | None = None
    keys: tuple[str, ...] = ()
    key_pattern: re.Pattern[str] | None = None
    name_text: str = ""

    def holds(self, seen: Fact, profile: Profile) -> bool:
        """Whether the fact meets the conditions of this clause."""
        if seen.kind != self.fact or (self.needs and not _NEEDS[self.needs](profile)):
            return False
        if self.key_pattern is not None and self.key_pattern.fullmatch(seen.fields["key"]) is None:
            return False
        return all(condition(seen.fields[name], profile) for name, condition in self.where.items())


@dataclass(frozen=True, slots=True)
class Sign:
    """See `Confidence`, `Kind`, `FIXES`, `PRODUCTS`; `source` says where the knowledge comes from."""

    id: str
    confidence: Confidence
    kind: Kind
    product: str
    fix: str
    source: str
    texts: Mapping[str, Text]
    clauses: tuple[Clause, ...]


class Catalogue:
    """All signs by their id, and the registry keys and file names that they need."""

    def __init__(self, signs: Iterable[Sign], terms: Terms) -> None:
        self.signs: Mapping[str, Sign] = {sign.id: sign for sign in signs}
        self.terms = terms
        self._by_fact: dict[str, list[tuple[Sign, Clause]]] = {}
        for sign in self.signs.values():
            for clause in sign.clauses:
                self._by_fact.setdefault(clause.fact, []).append((sign, clause))
        self._named = [clause for _sign, clause in self.clauses("file") if clause.name_text]
        # One expression over all names: it alone rejects most files of a disk.
        names = "|".join(f"(?:{clause.name_text})" for clause in self._named)
        self._file_names = terms.regex(names or r"(?!)")

    def clauses(self, kind: str) -> Iterable[tuple[Sign, Clause]]:
        """The signs and clauses for facts of a kind."""
        return self._by_fact.get(kind, ())

    @property
    def keys(self) -> tuple[str, ...]:
        """The registry keys that signs ask for."""
        found = (key for _sign, clause in self.clauses("registry") for key in clause.keys)
        return tuple(dict.fromkeys(found))

    def names_file(self, name: str, folder: str) -> bool:
        """Whether a sign names files of this name in this folder, with any content."""
        if self._file_names.fullmatch(name) is None:
            return False
        told = {"name": name, "folder": folder, "path": folder + name}
        return any(
            all(clause.where[one](value, _NOBODY) for one, value in told.items() if one in clause.where)
            for clause in self._named
        )


@cache
def load() -> Catalogue:
    """The catalogue that comes with the program."""
    folder = files("quetsach.endpoint").joinpath("signs")
    terms_text = folder.joinpath("terms.toml").read_text("utf-8")
    texts = {
        file.name: file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".toml") and file.name not in ("terms.toml", "systems.toml")
    }
    return parse(terms_text, dict(sorted(texts.items())))


def parse(terms_text: str, texts: Mapping[str, str]) -> Catalogue:
    """A catalogue from TOML texts by their names.

    Raises:
        CatalogueError: names the text, the sign and the mistake.
    """
    try:
        document = tomllib.loads(terms_text)
        lists = {name: tuple(one["names"]) for name, one in document.get("list", {}).items()}
        terms = Terms(document.get("pattern", {}), lists)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CatalogueError(f"terms.toml: {error}") from error
    signs: dict[str, Sign] = {}
    for name, text in texts.items():
        try:
            tables = tomllib.loads(text).get("sign", [])
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"{name}: {error}") from error
        for table in tables:
            try:
                sign = _sign(table, terms)
            except (KeyError, ValueError, TypeError) as error:
                raise CatalogueError(f"{name}: sign {table.get('id')}: {error}") from error
            if sign.id in signs:
                raise CatalogueError(f"{name}: sign {sign.id} stands twice")
            signs[sign.id] = sign
    return Catalogue(signs.values(), terms)


def _sign(table: Mapping[str, Any], terms: Terms) -> Sign:
    if table.keys() != _KEYS:
        raise ValueError(f"has {sorted(table)}, should have {sorted(_KEYS)}")
    if not _ID.fullmatch(table["id"]):
        raise ValueError("its id is not like KMS-01")
    if table["fix"] not in FIXES or table["product"] not in PRODUCTS or not table["source"]:
        raise ValueError("fix or product is unknown, or it has no source")
    texts = {code: Text(table[code]["what"], table[code]["false_positive"]) for code in _LANGUAGES}
    if not all(one.what and one.false_positive for one in texts.values()):
        raise ValueError("a text is empty")
    clauses = tuple(_clause(one, terms) for one in table["detect"])
    if not clauses:
        raise ValueError("nothing detects it")
    return Sign(
        table["id"], Confidence(table["confidence"]), Kind(table["kind"]), table["product"], table["fix"],
        table["source"], texts, clauses,
    )  # fmt: skip


def _clause(told: Mapping[str, Any], terms: Terms) -> Clause:
    kind = told["fact"]
    if kind not in FACTS:
        raise ValueError(f"there is no fact {kind}")
    where = {name: value for name, value in told.items() if name not in _CLAUSE_KEYS}
    unknown = where.keys() - set(FACTS[kind])
    if unknown or (not where and kind != "preload" and "keys" not in told):
        raise ValueError(f"{kind} has no fields {sorted(unknown)}")
    needs = told.get("needs", "")
    if needs and needs not in _NEEDS:
        raise ValueError(f"there is no need {needs}")
    keys = tuple(told.get("keys", ()))
    if (kind == "registry") != bool(keys):
        raise ValueError("keys belong to a fact of the registry, and to each of them")
    name = where.get("name", "") if kind == "file" else ""
    if kind == "file" and not isinstance(name, str):
        raise ValueError("the name of a file is one expression")
    return Clause(
        fact=kind,
        where={field: build(value, terms) for field, value in where.items()},
        needs=needs,
        least=int(told.get("least", 1)),
        confidence=Confidence(told["confidence"]) if "confidence" in told else None,
        keys=keys,
        key_pattern=_key_pattern(keys) if keys else None,
        name_text=name,
    )


def _key_pattern(keys: tuple[str, ...]) -> re.Pattern[str]:
    def one(key: str) -> str:
        text = re.escape(key).replace(r"\\\*\*", r"(?:\\.*)?").replace(r"\*", r"[^\\]+")
        return f"(?:{text})"

    return re.compile("|".join(map(one, keys)), re.IGNORECASE)
