"""Many results become one row a machine: copies count once; of two checks of a machine the newer counts.

Results come from other machines and are hostile until they have the form that `result` describes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from quetsach.endpoint.catalogue import PRODUCTS, Confidence, Kind
from quetsach.endpoint.fact import safe
from quetsach.endpoint.refusal import Refused
from quetsach.endpoint.reporting.result import SCHEMA
from quetsach.endpoint.verdict import Verdict
from quetsach.text.json_limits import few

MOST_BYTES = 32 << 20
_MOST_FINDINGS = 5_000
_MOST_PEOPLE = 9_999
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2099


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a row; `name` is a sign's id or an entry of the campaign's list."""

    name: str
    is_sign: bool
    confidence: Confidence
    product: str
    family: str
    count: int
    evidence: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of one machine. `machine` is its id from a sealed result, "" from an unsealed result."""

    file: str
    digest: str
    machine: str
    name: str
    unit: str
    people: int | None
    verdict: Verdict
    finished: datetime
    is_running: bool
    unseen: tuple[str, ...]
    findings: tuple[Found, ...]

    def products(self, *, is_malware: bool) -> Counter[str]:
        """How many counted findings each product has: of malware only, or of all others without findings that
        tell of the past."""
        return Counter(
            one.product
            for one in self.findings
            if one.confidence is not Confidence.D4
            and (one.product == "malware") == is_malware
            and (is_malware or one.kind is not Kind.BEHAVIOUR)
        )


@dataclass(slots=True)
class Merged:
    """`rows` has one row a machine, by unit and name; `older` and `copies` are results left out as such."""

    rows: list[Checked] = field(default_factory=list)
    older: list[Checked] = field(default_factory=list)
    copies: list[Checked] = field(default_factory=list)

    @property
    def people(self) -> int:
        """The number of people who use these machines, as far as stated."""
        return sum(row.people or 0 for row in self.rows)

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many machines have each verdict."""
        return Counter(row.verdict for row in self.rows)


def plain(data: bytes, file: str) -> Checked:
    """A result that was not sealed.

    Raises:
        Refused: result_form.
    """
    try:
        if len(data) > MOST_BYTES:
            raise ValueError("too large")
        document = json.loads(few(data, groups=MOST_BYTES // 20, items=MOST_BYTES // 8))
        if not isinstance(document, dict):
            raise ValueError("no object")
    except (ValueError, RecursionError) as error:
        raise Refused("result_form", name=file) from error
    return checked(document, file, digest=hashlib.sha256(data).hexdigest())


def checked(told: Mapping[str, Any], file: str, *, digest: str, machine: str = "") -> Checked:
    """A row from a document of `result`.

    Raises:
        Refused: result_form.
    """
    try:
        if told["type"] != "check" or told["schema"] != SCHEMA or len(told["findings"]) > _MOST_FINDINGS:
            raise ValueError("another form")
        answers = told["answers"]
        finished = datetime.strptime(told["finished"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if not _EARLIEST_YEAR <= finished.year <= _LATEST_YEAR:
            raise ValueError("a time before 1970 or after 2099")
        return Checked(
            file=file,
            digest=digest,
            machine=machine,
            name=_text(told["machine"]),
            unit=_text(answers.get("unit", "")),
            people=_people(answers.get("people", "")),
            verdict=Verdict(told["verdict"]),
            finished=finished,
            is_running=bool(told["is_running"]),
            unseen=tuple(map(_text, told["unseen"])),
            findings=tuple(map(_found, told["findings"])),
        )
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise Refused("result_form", name=file) from error


def merge(results: Iterable[Checked]) -> Merged:
    """One row a machine.

    A machine is known by its id. An unsealed result belongs to the only sealed machine of its name and unit;
    else name and unit stand for the machine. Results without a name are merged only with their copies.
    """
    merged, newest = Merged(), dict[tuple[str, ...], Checked]()
    known: dict[str, Checked] = {}
    for one in results:
        if one.digest in known:
            merged.copies.append(one)
        known.setdefault(one.digest, one)
    ids: dict[tuple[str, str], set[str]] = {}
    for one in known.values():
        if one.machine:
            ids.setdefault(_called(one), set()).add(one.machine)
    for one in sorted(known.values(), key=lambda one: (one.finished, one.digest)):
        of_name = ids.get(_called(one), set())
        if one.machine or len(of_name) == 1:
            key: tuple[str, ...] = (one.machine or next(iter(of_name)),)
        else:
            key = _called(one) if one.name else (one.digest,)
        if key in newest:
            merged.older.append(newest[key])
        newest[key] = one
    merged.rows = sorted(newest.values(), key=lambda one: (one.unit.casefold(), one.name.casefold()))
    return merged


def _called(one: Checked) -> tuple[str, str]:
    return one.unit.casefold(), one.name.casefold()


def _text(told: Any) -> str:
    if not isinstance(told, str):
        raise TypeError("no text")
    return safe(told)


def _people(told: Any) -> int | None:
    text = _text(told)
    if not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if len(text) <= len(str(_MOST_PEOPLE)) else None


def _found(told: Mapping[str, Any]) -> Found:
    is_sign = "sign" in told
    if told["product"] not in PRODUCTS or type(told["count"]) is not int or told["count"] >> 40:
        raise ValueError("another form")
    first = told["evidence"][0] if told["evidence"] else {}
    texts = [_text(value) for name, value in first.items() if name != "fact"]
    return Found(
        name=_text(told["sign" if is_sign else "indicator"]),
        is_sign=is_sign,
        confidence=Confidence(told["confidence"]),
        product=told["product"],
        family=_text(told["family"]),
        count=told["count"],
        evidence=" · ".join(text for text in texts if text)[:1000],
        kind=Kind(told["kind"]),
    )
