"""A collection as the official annex: the sums in the letter's own form, ready to be completed and signed."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.merge import Collection, Reading, Total
from quetsach.annexes.collecting.rules import FORM
from quetsach.annexes.form.definition import built_in
from quetsach.documents.document import LONGEST_TEXT, Annex, AnnexRow
from quetsach.text.vietnamese import number, short_date

_MOST_NAMED = 60
_NOTHING = {
    "",
    "khong",
    "khong co",
    "khong co y kien",
    "khong co de xuat",
    "khong co de xuat kien nghi",
    "khong co kien nghi",
}


def wishes(found: Collection) -> list[Reading]:
    """The readings with proposals; "không" proposes nothing."""
    return [one for one in found.counted if key(one.annex.proposals) not in _NOTHING]


def consolidated(found: Collection, *, issuer: str, at: datetime) -> Annex:
    """The annex of the collecting office. Each row's note gives the number of units in the sum."""
    expected = found.expected if found.expected is not None else len(found.counted)
    totals = found.totals
    form = built_in(FORM)
    rows = tuple(
        AnnexRow(
            row.number,
            row.text,
            totals[row.key].value,
            _note(totals[row.key], expected),
        )
        for row in form.rows
    )
    return Annex(
        rows=rows,
        unit=issuer,
        assessment=_assessment(found, expected),
        proposals=_proposals(found) or "Không.",
        footnote=form.head["note"].removeprefix("Ghi chú:").strip(),
        title=form.head["title"].removeprefix("MẪU ").strip(),
        prepared=_prepared(found, at),
    )


def _note(total: Total, expected: int) -> str:
    doubtful = f"; {number(total.doubtful)} số liệu cần xem lại" if total.doubtful else ""
    return f"Số liệu của {total.units}/{expected} đơn vị{doubtful}"


def _assessment(found: Collection, expected: int) -> str:
    said = f"Có {number(len(found.counted))}/{number(expected)} đơn vị gửi báo cáo."
    if found.missing:
        names = [unit.name for unit in found.missing[:_MOST_NAMED]]
        left = len(found.missing) - len(names)
        names += [f"và {number(left)} đơn vị khác"] if left else []
        said += f" Chưa gửi: {'; '.join(names)}."
    return said


def _proposals(found: Collection) -> str:
    units: defaultdict[str, list[str]] = defaultdict(list)
    texts: dict[str, str] = {}
    for one in wishes(found):
        words = key(one.annex.proposals)
        texts.setdefault(words, " ".join(one.annex.proposals.split()).rstrip(".;").removeprefix("- "))
        units[words].append(one.unit.name if one.unit else "")
    lines = [f"- {text} ({', '.join(units[words])})." for words, text in texts.items()]
    return "\n".join(lines)[:LONGEST_TEXT]


def _prepared(found: Collection, at: datetime) -> str:
    local = at.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    doubtful = sum(not one.is_clear for one in found.counted)
    said = f"Tổng hợp lúc {local:%H} giờ {local:%M} phút ngày {short_date(local.date())}"
    if doubtful or found.unplaced or found.unread:
        parts = (
            (doubtful, "đơn vị có chỗ cần xem lại"),
            (len(found.unplaced), "phụ lục chưa rõ đơn vị"),
            (len(found.unread), "tệp chưa đọc được"),
        )
        said += "; còn " + ", ".join(f"{number(count)} {what}" for count, what in parts if count)
    return said + "."
