"""A reading as plain data and back, to store it until a person has looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.names import Unit
from quetsach.annexes.collecting.paper import Place
from quetsach.annexes.collecting.readings import Doubt, Reading


def to_data(one: Reading) -> dict[str, Any]:
    """All of a reading except its path on this machine, in a form for JSON."""
    data = asdict(replace(one, path=None))
    for name in ("saved", "changed"):
        data[name] = data[name].isoformat() if data[name] else None
    return data


def from_data(data: Mapping[str, Any]) -> Reading:
    """The reading that `to_data` wrote."""
    annex = dict(data["annex"])
    annex["figures"] = {row: _figure(figure) for row, figure in annex["figures"].items()}
    annex["unit_place"] = Place(**annex["unit_place"])
    annex["heads"] = tuple(annex["heads"])
    times = {
        name: datetime.fromisoformat(data[name]) if data[name] else None for name in ("saved", "changed")
    }
    return Reading(
        **{
            **data,
            **times,
            "annex": Annex(**annex),
            "unit": _unit(data["unit"]) if data["unit"] else None,
            "candidates": tuple(map(_unit, data["candidates"])),
            "doubts": tuple(Doubt(**doubt) for doubt in data["doubts"]),
        }
    )


def corrected(one: Reading, values: Mapping[str, int | None]) -> Reading:
    """The reading with figures that a person has corrected: their doubts are settled, `typed` stays."""
    figures = {
        row: replace(figure, value=values[row], doubts=()) if row in values else figure
        for row, figure in one.annex.figures.items()
    }
    doubts = tuple(doubt for doubt in one.doubts if doubt.field not in values)
    return replace(one, annex=replace(one.annex, figures=figures), doubts=doubts)


def given_to(one: Reading, unit: Unit) -> Reading:
    """The reading assigned to a unit by a person: doubts about its name are settled."""
    doubts = tuple(doubt for doubt in one.doubts if doubt.field != "unit")
    return replace(one, unit=unit, candidates=(), doubts=doubts)


def _figure(data: Mapping[str, Any]) -> Figure:
    return Figure(**{**data, "place": Place(**data["place"]), "doubts": tuple(data["doubts"])})


def _unit(data: Mapping[str, Any]) -> Unit:
    return Unit(data["key"], data["name"], tuple(data["above"]), tuple(data["aliases"]))
