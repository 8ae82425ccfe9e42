"""Writes into the history of cases that a file about their machine was taken back."""

from __future__ import annotations

from quetsach.portal.cases.file_of_machines import told_by
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import TABLE_BACK
from quetsach.portal.machines.models import EvidenceFile, StoredBinding, StoredClaim
from quetsach.portal.machines.taking_actions import Untaken

_FILE, _GONE = "evidence", "gone"


def note_files(rows: Untaken) -> None:
    """Write down which files about machines of current cases went with this batch, each once."""
    if not rows.gone:
        return
    told = told_by(
        StoredClaim.rows.filter(pk__in=rows.keys[StoredClaim], is_gone=True),
        StoredBinding.rows.filter(pk__in=rows.keys[StoredBinding], is_gone=True),
    )
    files = EvidenceFile.rows.in_bulk({file for _case, file in told})
    cases = Case.rows.in_bulk({case for case, _file in told})
    before = CaseEvent.rows.filter(case__in=cases, act=TABLE_BACK)
    known = {(case, data[_FILE], data[_GONE]) for case, data in before.values_list("case", "data")}
    events = []
    for pk, key in sorted(told):
        case, file = cases[pk], files[key]
        if file.gone_at is None or (pk, str(key), file.gone_at.isoformat()) in known:
            continue
        data = {_FILE: str(key), "file": file.name, _GONE: file.gone_at.isoformat()}
        events.append(
            CaseEvent(case=case, at=file.gone_at, act=TABLE_BACK, from_state=case.state,
                      to_state=case.state, by=file.gone_by, reason=file.gone_why, data=data)
        )  # fmt: skip
    CaseEvent.rows.bulk_create(events)
