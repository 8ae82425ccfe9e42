"""From facts to findings: the signs and the campaign's indicators that the machine shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quetsach.endpoint.catalogue import Catalogue, Clause, Confidence, Kind, Sign
from quetsach.endpoint.fact import Fact, safe
from quetsach.endpoint.profile import Profile
from quetsach.endpoint.watchlist import Watchlist

MOST_EVIDENCE = 20
"""Facts kept for one finding; `count` is the number of all of them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact, its values made safe to show."""

    fact: str
    fields: Mapping[str, str]

    @classmethod
    def of(cls, seen: Fact) -> Evidence:
        """The fields that are not empty, control and bidirectional characters escaped, cut at 500."""
        return cls(seen.kind, {name: safe(value) for name, value in seen.fields.items() if value})


@dataclass(slots=True)
class Finding:
    """A sign of the catalogue, or an entry of the campaign's list (a name, an address or a hash).

    `evidence` are the facts behind it, `subjects` the subjects of these facts.
    """

    confidence: Confidence
    kind: Kind
    product: str
    sign: str = ""
    indicator: str = ""
    family: str = ""
    fix: str = "none"
    evidence: list[Evidence] = field(default_factory=list)
    count: int = 0
    subjects: set[str] = field(default_factory=set)

    def add(self, seen: Fact) -> None:
        """Add a fact to the evidence."""
        self.count += 1
        self.subjects.add(seen.subject)
        shown = Evidence.of(seen)
        if len(self.evidence) < MOST_EVIDENCE and shown not in self.evidence:
            self.evidence.append(shown)


def find(
    facts: Iterable[Fact],
    catalogue: Catalogue,
    watchlist: Watchlist | None,
    profile: Profile,
    hashes: Mapping[str, str] = {},
) -> list[Finding]:
    """All findings, the surest first; `hashes` are those of the campaign with their families."""
    hits: dict[str, list[tuple[Sign, Clause, Fact]]] = {}
    listed: dict[str, Finding] = {}
    for seen in facts:
        for sign, clause in catalogue.clauses(seen.kind):
            if clause.holds(seen, profile):
                hits.setdefault(sign.id, []).append((sign, clause, seen))
        if watchlist is not None:
            for indicator, _matched, confidence in watchlist.of(seen):
                kind = Kind.ACTIVE if confidence == Confidence.D1 else Kind.BEHAVIOUR
                _listed(listed, indicator.canonical, indicator.family, Confidence(confidence), kind, seen)
        if seen.kind == "file" and seen.fields["listed"]:
            _listed(listed, seen.fields["listed"], seen.fields["family"], Confidence.D1, Kind.ARTIFACT, seen)
        if seen.kind == "hash-seen" and seen.fields["hash"] in hashes:
            # The file was on this machine; whether it still is, the probe of files tells.
            family = hashes[seen.fields["hash"]]
            _listed(listed, seen.fields["hash"], family, Confidence.D2, Kind.BEHAVIOUR, seen)
    found = [one for told in hits.values() if (one := _sign(told)) is not None]
    return sorted([*found, *listed.values()], key=lambda one: (one.confidence, one.sign, one.indicator))


def _sign(told: Sequence[tuple[Sign, Clause, Fact]]) -> Finding | None:
    by_clause: dict[int, list[tuple[Clause, Fact]]] = {}
    for _one, clause, seen in told:
        by_clause.setdefault(id(clause), []).append((clause, seen))
    enough = [
        (clause, seen)
        for pairs in by_clause.values()
        if len({seen.subject for _clause, seen in pairs}) >= pairs[0][0].least
        for clause, seen in pairs
    ]
    if not enough:
        return None
    sign = told[0][0]
    confidence = min(clause.confidence or sign.confidence for clause, _seen in enough)
    found = Finding(confidence, sign.kind, sign.product, sign=sign.id, fix=sign.fix)
    for _clause, seen in enough:
        found.add(seen)
    return found


def _listed(
    listed: dict[str, Finding], name: str, family: str, confidence: Confidence, kind: Kind, seen: Fact
) -> None:
    found = listed.setdefault(name, Finding(confidence, kind, "malware", indicator=name, family=family))
    if confidence < found.confidence:
        found.confidence, found.kind = confidence, kind
    found.add(seen)
