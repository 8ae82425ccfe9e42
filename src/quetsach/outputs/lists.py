"""Indicator sets written as lists that other programs read, with a count of what a form cannot express."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from quetsach.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.outputs.csv import guarded


@dataclass(slots=True)
class Losses:
    """What the written list does not say. `left_out` counts by kind (or `subdomains-only`), `narrowed`
    names whose subdomains are not covered, `families` entries whose family is not written."""

    left_out: Counter[str] = field(default_factory=Counter)
    narrowed: int = 0
    families: int = 0


def plain(indicators: IndicatorSet, losses: Losses) -> Iterator[str]:
    """One indicator a line: `*.x` subdomains only, `=x` exact, otherwise with subdomains."""
    for one in indicators:
        losses.families += bool(one.family)
        yield f"{one.hashed}\n"


def table(indicators: IndicatorSet, losses: Losses) -> Iterator[str]:  # noqa: ARG001 - says everything
    """CSV with the columns indicator, type, family; the scope is spelled as in a plain list."""
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(("indicator", "type", "family"))
    for one in indicators:
        # A canonical indicator has no character that a formula needs; a family is free text.
        rows.writerow((one.hashed, one.kind.value, guarded(one.family)))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def hosts(indicators: IndicatorSet, losses: Losses) -> Iterator[str]:
    """hosts(5): whole names only; addresses, networks, URLs and subdomains have no form there."""
    for one in indicators:
        unfit = _unfit_for_hosts(one)
        if unfit:
            losses.left_out[unfit] += 1
            continue
        losses.narrowed += one.scope is Scope.WITH_SUBDOMAINS
        losses.families += bool(one.family)
        yield f"0.0.0.0 {one.value}\n"


def _unfit_for_hosts(one: Indicator) -> str:
    if one.kind is not Kind.DOMAIN:
        return one.kind.value
    return one.scope.value if one.scope is Scope.SUBDOMAINS_ONLY else ""


FORMS: dict[str, Callable[[IndicatorSet, Losses], Iterator[str]]] = {
    "plain": plain,
    "csv": table,
    "hosts": hosts,
}
