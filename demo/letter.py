"""The letter of 2022 as the demonstration's campaign, with all its dates moved alike."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SEED = Path(__file__).parent / "seed" / "letter_2022.toml"
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
ISSUED_2022 = date(2022, 9, 14)
DUE_2022 = date(2022, 9, 26)


@dataclass(frozen=True)
class Order:
    """The data of the campaign: texts with their dates in place, and the first moment that is late."""

    title: str
    summary: str
    due_at: datetime
    due_text: str
    letter: dict[str, Any]
    contact: dict[str, str]


def written(day: date) -> str:
    """A date in the form of official letters: days below 10 and months 1 and 2 with a zero (Decree
    30/2020)."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{day.day:02}/{month}/{day.year}"


def read_order(due: date = DUE_2022, issued: date = ISSUED_2022) -> Order:
    """The order of 2022: its deadline moved to `due`, and the dates before it moved along with its own
    date."""

    def moved(match: re.Match[str]) -> str:
        day = date.fromisoformat(match[2])
        day += due - DUE_2022 if day >= DUE_2022 else issued - ISSUED_2022
        return day.isoformat() if match[1] else written(day)

    text = SEED.read_text(encoding="utf-8").replace("{year}", str(due.year))
    data = tomllib.loads(re.sub(r"\{(iso:)?(\d{4}-\d\d-\d\d)\}", moved, text))
    return Order(
        title=data["title"],
        summary=data["summary"],
        due_at=datetime.combine(due, time.min, HANOI),
        due_text=data["due_text"],
        letter=data["letter"],
        contact=data["contact"],
    )
