"""CSV and JSON: all fields of a set, for spreadsheets and other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from quetsach.indicators.forms_out.form import EVERYTHING, N_, Form, Job, spelled
from quetsach.text.cells import guarded

COLUMNS = ("indicator", "type", "family")
NOTE = "note"


def _defanged(hashed: str) -> str:
    """`evil[.]example`: mail programs and spreadsheets do not turn it into a link."""
    scheme, mark, rest = hashed.partition("://") if hashed.startswith("http://") else ("", "", hashed)
    host, slash, rest = rest.partition("/")
    return scheme + mark + host.replace(".", "[.]") + slash + rest


def _csv(job: Job) -> Iterator[str]:
    """The scope is spelled as in a plain list; no header lines, because Excel shows them as rows.

    A list that holds entries which many use has a column more, with a note beside each of them.
    """
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    has_notes = bool(job.marked)
    rows.writerow((*COLUMNS, NOTE) if has_notes else COLUMNS)
    shown = _defanged if job.settings.defang else str
    for one in job.items:
        # Names and addresses have no character that makes a harmful formula, and no URL starts with one.
        cells = (shown(spelled(one)), one.kind.value, guarded(one.family))
        rows.writerow((*cells, job.note(one)) if has_notes else cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _json(job: Job) -> Iterator[str]:
    """One object: facts, then `indicators`, an entry a line."""
    facts = {
        "set": job.set_id,
        "entries": len(job.items),
        **({"date": job.settings.day.isoformat()} if job.settings.day else {}),
    }
    yield json.dumps(facts)[:-1] + ', "indicators": ['
    before = "\n"
    for one in job.items:
        row = dict(zip(COLUMNS, (spelled(one), one.kind.value, one.family), strict=True))
        if note := job.note(one):
            row[NOTE] = note
        yield before + json.dumps(row)
        before = ",\n"
    yield "\n]}\n"


CSV = Form(
    "csv",
    N_("table of entry, type and malware, for this scanner and spreadsheets"),
    _csv,
    EVERYTHING,
    blocks=False,
    suffixes=(".csv",),
    keeps_family=True,
    takes=frozenset(("defang",)),
)
JSON = Form(
    "json",
    N_("the same as JSON"),
    _json,
    EVERYTHING,
    blocks=False,
    suffixes=(".json",),
    keeps_family=True,
)
