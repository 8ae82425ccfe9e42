"""One verdict from the findings, and from the probes that could not see everything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from quetsach.endpoint.catalogue import Confidence, Kind
from quetsach.endpoint.finding import Finding


class Verdict(StrEnum):
    """FOUND: one D1, or two independent active D2. CHECK: one D2 or an active D3. TRACES: another D3.

    CLEAN: every essential probe saw everything, and no sign. UNKNOWN: some essential probe did not.
    """

    FOUND = "found"
    CHECK = "check"
    TRACES = "traces"
    CLEAN = "clean"
    UNKNOWN = "unknown"


def decide(findings: Sequence[Finding], unseen: Collection[str]) -> Verdict:
    """The verdict. `unseen` are the essential probes that could not see everything.

    D4 never counts: it is shown as context only.
    """
    of = {level: [one for one in findings if one.confidence is level] for level in Confidence}
    active = [one for one in of[Confidence.D2] if one.kind is Kind.ACTIVE]
    if of[Confidence.D1] or _has_two_independent(active):
        return Verdict.FOUND
    if of[Confidence.D2] or any(one.kind is Kind.ACTIVE for one in of[Confidence.D3]):
        return Verdict.CHECK
    if of[Confidence.D3]:
        return Verdict.TRACES
    return Verdict.UNKNOWN if unseen else Verdict.CLEAN


def _has_two_independent(findings: Sequence[Finding]) -> bool:
    """Two findings with different subjects: an exclusion seen in the registry and in the log counts once."""
    return any(
        not first.subjects & second.subjects
        for number, first in enumerate(findings)
        for second in findings[number + 1 :]
    )
