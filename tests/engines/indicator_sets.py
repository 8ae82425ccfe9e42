"""Sets of indicators made from values alone."""

from __future__ import annotations

from collections.abc import Iterable

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.indicators.lists.item import parse

SCOPES = {"bad.co.test": Scope.EXACT}


def make_set(values: Iterable[str | dict[str, str]]) -> IndicatorSet:
    """Values in a list's spelling, or with their scope as in golden cases; a single label is a domain,
    too."""
    found: list[Indicator] = []
    for value in values:
        if isinstance(value, dict):
            found += parse(value["value"], Scope(value["scope"]))[0]
        elif "." in value or ":" in value:
            found += parse(value, SCOPES.get(value, Scope.WITH_SUBDOMAINS))[0]
        else:
            found.append(Indicator(value, Kind.DOMAIN))
    return IndicatorSet(found)
