"""The makers' pages with which a campaign's list of second opinions may begin."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from quetsach.portal.kit.language import language


@dataclass(frozen=True)
class StartTool:
    """A tool of a known maker, by its address alone; `notes` by language."""

    name: str
    vendor: str
    link: str
    looked_on: date
    notes: dict[str, str]

    @property
    def note(self) -> str:
        """The note in the reader's language."""
        return self.notes[language()]

    @property
    def said(self) -> str:
        """The same, under the name that tools on a campaign's list use."""
        return self.note


@cache
def starting_list() -> tuple[StartTool, ...]:
    """The tools in the order of the file."""
    with Path(__file__).with_name("start.toml").open("rb") as file:
        rows = tomllib.load(file)["tool"]
    return tuple(
        StartTool(
            row["name"], row["vendor"], row["link"], row["looked_on"], {"vi": row["vi"], "en": row["en"]}
        )
        for row in rows
    )


def in_readers_language(name: str, note: str) -> str:
    """The note of a tool, in the reader's language if it is that of the starting list, else as it is."""
    known = next((one for one in starting_list() if one.name == name and note in one.notes.values()), None)
    return known.note if known else note
