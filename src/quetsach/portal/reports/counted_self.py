"""Counts the reporting unit itself in the rows that count units: on paper only, never in a sum.

A campaign may ask for it (`count_self`). Then each unit adds one for itself when it prints. Its superior's
sum holds no unit twice, because no unit's own figures include the unit itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quetsach.annexes.form.definition import Form, Row
from quetsach.annexes.form.entry import note_key
from quetsach.annexes.form.figures import FigureError, parse_figure
from quetsach.portal.campaigns.models import Campaign


def self_rows(campaign: Campaign, form: Form) -> tuple[Row, ...]:
    """The rows in which the unit counts itself when it prints."""
    return tuple(row for row in form.rows if row.counts_self) if campaign.count_self else ()


def on_paper(campaign: Campaign, form: Form, figures: Mapping[str, int | None]) -> dict[str, int | None]:
    """The figures as printed; a blank stays blank, it is not zero."""
    rows = {row.key for row in self_rows(campaign, form)}
    return {key: n + 1 if key in rows and n is not None else n for key, n in figures.items()}


def paper_note(campaign: Campaign, form: Form) -> str:
    """The note about it on a paper; empty if the paper holds sums only. Official papers are Vietnamese."""
    rows = [str(row.number) for row in self_rows(campaign, form)]
    if not rows:
        return ""
    return (
        f"Dòng {' và '.join(rows)} tính cả chính đơn vị báo cáo (thêm 1);"
        " phần thêm này không cộng vào số của cấp trên."
    )


def off_paper(campaign: Campaign, form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """A paper's figures as fields of the form, without the unit itself; the row's note says so."""
    found = dict(data)
    for row in self_rows(campaign, form):
        try:
            count = parse_figure(str(data.get(row.key, "")))
        except FigureError:
            continue
        if count:
            told = f"Bản giấy ghi {count}, gồm cả chính đơn vị."
            note = note_key(row.key)
            found[row.key] = str(count - 1)
            found[note] = f"{found.get(note) or ''} {told}".strip()
    return found
