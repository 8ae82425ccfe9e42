"""Reads the result of a check and tests every field: the bytes come from a machine that may be hostile.

`quetsach.endpoint.reporting.result` describes the form. Unknown fields are ignored.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from quetsach.endpoint.catalogue import NO_SOFTWARE, PRODUCTS, Confidence, Kind
from quetsach.errors import PortalError
from quetsach.text.escape import escape
from quetsach.text.json_limits import TooManyError, few

MOST_BYTES = 4 << 20
"""Bytes of one result. The largest that a check writes (20 facts for each sign) is below 1 MiB."""
MOST_FINDINGS, MOST_EVIDENCE, MOST_FIELDS = 2_000, 20, 30
OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
"""A check cannot be older than the program: the machine's clock was wrong, or somebody invented the file."""
_COUNTED = (Confidence.D1, Confidence.D2)
_SET_ID = re.compile(r"[0-9a-f]{64}")


class Verdict(StrEnum):
    """The verdicts of `quetsach.endpoint.verdict`, repeated here: that module imports the scanning, which the
    portal must not import. A test compares both."""

    FOUND = "found"
    CHECK = "check"
    TRACES = "traces"
    CLEAN = "clean"
    UNKNOWN = "unknown"


class ResultError(PortalError):
    """A result that is not taken; `code` is the reason, `where` names field, unit or day (dd/mm/yyyy)."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code, self.where = code, where


@dataclass(frozen=True, slots=True)
class Told:
    """A result's content. `digest` is the same for the same result, however it was wrapped or indented."""

    digest: str
    machine: str
    system: str
    tool: str
    is_running: bool
    is_full: bool
    started: datetime
    finished: datetime
    set_id: str
    unit: str
    people: int | None
    verdict: Verdict
    unseen: tuple[str, ...]
    probes: list[dict[str, Any]]
    findings: list[dict[str, Any]]

    @property
    def families(self) -> dict[str, frozenset[str]]:
        """Malware with certain or strong findings, by family ("" if none is named): the list entries or signs
        that showed it. Signs without an entry count only if the whole verdict is "found"."""
        found: dict[str, set[str]] = {}
        for one in self.findings:
            is_sure = one["indicator"] or self.verdict is Verdict.FOUND
            if one["product"] == "malware" and one["confidence"] in _COUNTED and is_sure:
                found.setdefault(one["family"], set()).add(one["indicator"] or one["sign"])
        return {family: frozenset(names) for family, names in found.items()}

    @property
    def software(self) -> frozenset[str]:
        """Licensed products with a certain or strong finding (D1, D2) that is still there.

        A product with weaker findings only, such as missing papers (D3), is left out. So is a product whose
        findings all tell of the past: traces of a run stay after the copy was replaced."""
        return frozenset(
            one["product"]
            for one in self.findings
            if one["product"] not in NO_SOFTWARE
            and one["confidence"] in _COUNTED
            and one["kind"] != Kind.BEHAVIOUR
        )


def read(content: bytes, now: datetime) -> Told:
    """Read a result from its bytes.

    Raises:
        ResultError: `too_large`, `no_result`, `newer` (a form other than version 1), `field` with its name,
            `clock` (the check ended before it began), `future` or `old` with the day of its end.
    """
    if len(content) > MOST_BYTES:
        raise ResultError("too_large")
    try:
        few(content, groups=MOST_BYTES // 20, items=MOST_BYTES // 8)
        table = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except TooManyError as error:
        raise ResultError("too_large") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ResultError("no_result") from error
    if not isinstance(table, dict) or table.get("type") != "check":
        raise ResultError("no_result")
    if table.get("schema") != 1:
        raise ResultError("newer")
    return _told(table, now)


def day_of(moment: datetime) -> str:
    """The day as dd/mm/yyyy, in the time zone of `moment`: UTC for moments of a result."""
    return f"{moment:%d/%m/%Y}"


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _told(table: Mapping[str, Any], now: datetime) -> Told:
    started, finished = _moment(table, "started"), _moment(table, "finished")
    if finished > now + timedelta(days=1):
        raise ResultError("future", day_of(finished))
    if finished < OLDEST:
        raise ResultError("old", day_of(finished))
    if finished < started:
        raise ResultError("clock")
    machine = _text(table, "machine", 255)
    if not machine:
        raise ResultError("field", "machine")
    answers = _of(table, "answers", dict)
    listed = table.get("set")
    set_id = listed.get("id", "") if isinstance(listed, dict) else ""
    if set_id and not (isinstance(set_id, str) and _SET_ID.fullmatch(set_id)):
        raise ResultError("field", "set.id")
    spelled = json.dumps(table, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return Told(
        digest=hashlib.sha256(spelled.encode()).hexdigest(),
        machine=machine,
        system=_text(table, "system", 40),
        tool=_text(table, "tool", 60),
        is_running=_of(table, "is_running", bool),
        is_full=table.get("depth") == "full",
        started=started,
        finished=finished,
        set_id=set_id,
        unit=_clean(answers.get("unit", ""), 200),
        people=_people(answers.get("people", "")),
        verdict=_one_of(table, "verdict", Verdict),
        unseen=tuple(_clean(name, 60) for name in _of(table, "unseen", list)[:100]),
        probes=[_probe(one) for one in _of(table, "probes", list)[:200]],
        findings=[_finding(one) for one in _few(_of(table, "findings", list), "findings")],
    )


def _few(rows: list[Any], name: str) -> list[Any]:
    # A list that is too long is refused, not cut: a finding cut off would count as absent.
    if len(rows) > MOST_FINDINGS:
        raise ResultError("field", name)
    return rows


def _of[T](table: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = table.get(name)
    if not isinstance(value, kind):
        raise ResultError("field", name)
    return value


def _clean(value: object, most: int) -> str:
    text = value if isinstance(value, str) else ""
    # Zero characters are left out; all other control characters stay, escaped.
    return escape(text.replace("\0", "").encode("utf-8", "surrogatepass"), most)


def _text(table: Mapping[str, Any], name: str, most: int) -> str:
    return _clean(_of(table, name, str), most).strip()


def _one_of[T](table: Mapping[str, Any], name: str, kind: Callable[[str], T]) -> T:
    try:
        return kind(_of(table, name, str))
    except ValueError as error:
        raise ResultError("field", name) from error


def _moment(table: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(_of(table, name, str), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ResultError("field", name) from error


def _people(text: object) -> int | None:
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 5:
        return int(text)
    return None


def _probe(one: object) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise ResultError("field", "probes")
    items, gaps = one.get("items"), one.get("gaps")
    return {
        "name": _clean(one.get("name"), 60),
        "state": _clean(one.get("state"), 20),
        "items": items if isinstance(items, int) and 0 <= items < 1 << 40 else 0,
        "gaps": [
            {"reason": _clean(gap.get("reason"), 40), "detail": _clean(gap.get("detail"), 300)}
            for gap in (gaps if isinstance(gaps, list) else [])[:20]
            if isinstance(gap, dict)
        ],
    }


def _finding(one: object) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise ResultError("field", "findings")
    product = _text(one, "product", 30)
    if product not in PRODUCTS:
        # From a newer catalogue: counted as other, since refusing it would lose the whole machine.
        product = "other"
    sign, indicator = _clean(one.get("sign"), 20), _clean(one.get("indicator"), 500)
    if not sign and not indicator:
        raise ResultError("field", "findings.sign")
    evidence, count = one.get("evidence"), one.get("count")
    return {
        "sign": sign,
        "indicator": indicator,
        "confidence": str(_one_of(one, "confidence", Confidence)),
        "kind": str(_one_of(one, "kind", Kind)),
        "product": product,
        "family": _clean(one.get("family"), 100),
        "count": count if isinstance(count, int) and 0 <= count < 1 << 40 else 0,
        "evidence": [
            {_clean(name, 40): _clean(value, 500) for name, value in list(seen.items())[:MOST_FIELDS]}
            for seen in (evidence if isinstance(evidence, list) else [])[:MOST_EVIDENCE]
            if isinstance(seen, dict)
        ],
    }
