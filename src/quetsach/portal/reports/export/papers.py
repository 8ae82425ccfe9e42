"""Builds the official documents of a campaign from the portal's data."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import override

from quetsach.annexes.form.definition import Form
from quetsach.annexes.form.entry import read_entry
from quetsach.annexes.form.figures import Figures
from quetsach.documents.document import (
    LONGEST_TEXT,
    Annex,
    AnnexRow,
    CountRow,
    FigureRow,
    Heading,
    Letter,
    MachineRow,
    MissingUnit,
    OfficialReport,
    Proposal,
    Signature,
    SoftwareRow,
)
from quetsach.portal.campaigns.letter import Letter as StoredLetter
from quetsach.portal.campaigns.letter import read_letter
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.checks import queries as checks
from quetsach.portal.checks.words import PRODUCT
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.arrived_files import FILE
from quetsach.portal.reports.assessment.drafting import drafted
from quetsach.portal.reports.assessment.facts import Scope
from quetsach.portal.reports.assessment.moments import (
    Moments,
    Moved,
    Saved,
    moments,
    moved_when_sent,
    saved_assessment,
)
from quetsach.portal.reports.assessment.sentences import Said
from quetsach.portal.reports.counted_self import on_paper, paper_note
from quetsach.portal.reports.export import heading as names
from quetsach.portal.reports.frozen.printing import official_words, printed
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.proposals.queries import shared_proposals
from quetsach.portal.reports.queries import form_of, report_of
from quetsach.portal.reports.rollup.machines import by_branch
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.reports.rollup.sums import RollUp
from quetsach.text.vietnamese import short_date

STATES = {
    "none": "Chưa có báo cáo",
    "draft": "Đang soạn, chưa gửi",
    FILE: "Có tệp chờ ở bàn tiếp nhận",
    "in_review": "Chờ thủ trưởng đơn vị duyệt",
    "submitted": "Đã gửi, chờ tiếp nhận",
    "returned": "Đã trả lại để sửa",
    "accepted": "Đã tiếp nhận",
    "amend_asked": "Đã tiếp nhận, xin sửa",
}
"""States of a report, as official papers name them, always in Vietnamese."""
MACHINES = ("Có dấu hiệu", "Đang xử lý", "Chưa đủ căn cứ", "Đã sạch")
"""States of machines, likewise, in the order of `reports.rollup.machines.WORDS`."""

_RESTS_ON_OLD = "Các câu sau của phần đánh giá dựa trên số liệu đã thay đổi sau khi soạn:"
_SEE = "Một số câu của phần đánh giá dựa trên số liệu đã thay đổi sau khi soạn; xem mục I.1 của báo cáo."


def letter(campaign: Campaign) -> Letter:
    """The campaign's order as a công văn with the blank annex. Raises LetterError for a malformed one."""
    stored = read_letter(campaign.letter)
    superior, issuer = _bodies(stored.issuer_lines)
    if stored.superior_lines:
        superior, issuer = "\n".join(stored.superior_lines), "\n".join(stored.issuer_lines)
    body = list(stored.basis)
    body += [f"- {p.text}" if p.kind == "bullet" else p.text for p in stored.paragraphs]
    body += [text for text in (stored.report_line, stored.closing) if text]
    form = load_form(campaign.form)
    return Letter(
        heading=Heading(
            issuer=issuer,
            symbol=stored.symbol,
            place=stored.place,
            superior=superior,
            number=stored.number,
            day=stored.issued_on,
            year=timezone.localtime(campaign.due_at).year,
        ),
        subject=stored.subject.removeprefix("V/v").strip(),
        addressees=stored.recipients,
        paragraphs=tuple(body) or (campaign.title,),
        signature=Signature(stored.signature_lines, stored.signer),
        cc=stored.cc,
        annex=_form(form, stored.annex) if stored.annex else None,
        is_draft=stored.is_draft,
    )


def annex(node: CampaignNode) -> Annex:
    """The unit's annex alone: its last sent revision with the sum of that moment, else the typed entries."""
    report = report_of(node)
    form = form_of(node)
    if report is not None and report.current is not None and report.state != Report.State.RETURNED:
        sent = report.current
        form = load_form(sent.form)
        total = on_paper(node.campaign, form, sent.totals["total"])
        when = f"Bản {sent.number}, gửi {_moment(sent.at)}; tình trạng: {STATES[report.state].lower()}."
        when = f"{when} {paper_note(node.campaign, form)}".rstrip()
        if moved := moved_when_sent(sent):
            when = "\n".join((when, _RESTS_ON_OLD, *map(_moved, moved)))
        return _filled(form, node, total, sent.notes, sent.narrative, sent.proposals, when)
    entry = read_entry(report.draft if report else {}, form.keys)
    rolled = roll_up(node)
    sums: dict[str, int | None] = dict.fromkeys(form.keys)
    for row, typed in entry.figures.items():
        if typed is not None:
            sums[row] = entry.counts.row(row) + rolled.children_total.row(row)
    said = entry.typed
    when = f"Bản đang soạn lúc {_moment(rolled.as_of)}, chưa gửi."
    when = f"{when} {paper_note(node.campaign, form)}".rstrip()
    saved = Saved(said["narrative"], report.draft_at if report else None)
    seen = moments(saved, drafted(Scope(node, rolled.children)) if saved.text else (), rolled.as_of)
    when = "\n".join((when, *_two_moments(seen)))
    sums = on_paper(node.campaign, form, sums)
    return _filled(form, node, sums, entry.notes, said["narrative"], said["proposals"], when)


def official_report(node: CampaignNode) -> OfficialReport:
    """The official report (báo cáo) of a unit on everything below it. Its four totals are `RollUp.signed`."""
    rolled = roll_up(node)
    campaign = node.campaign
    form = load_form(campaign.form)
    year = timezone.localtime(rolled.as_of).year
    own = signed_own(rolled)
    mine = on_paper(campaign, form, own.as_dict() if own else dict.fromkeys(form.keys))
    above = names.superior(node)
    # Without own figures the paper says that they are missing, so it does not count the unit itself either.
    signed: dict[str, int | None] = dict(rolled.signed.as_dict())
    totals = on_paper(campaign, form, signed) if own else signed
    issuer = names.full_name(node)
    machines = by_branch(node, rolled.children)
    asked = tuple(Proposal(", ".join(proposal.units), proposal.text) for proposal in shared_proposals(node))
    sentences = drafted(Scope(node, rolled.children))
    report = report_of(node)
    saved = saved_assessment(report, form_of(node))
    with override("vi"):
        detail = printed(node, report)
    narrative = saved.text or "\n".join(one.text for one in sentences)
    seen = moments(saved, sentences, rolled.as_of)
    return OfficialReport(
        heading=names.heading(node, "BC", year),
        subject=f"Kết quả triển khai {_lower_first(campaign.title)}",
        addressees=(names.short_name(above),) if above else ("." * 40,),
        opening=f"{order_cited(node)}, {issuer} báo cáo kết quả thực hiện như sau",
        narrative=tuple(line for line in narrative.splitlines() if line.strip()),
        moments=_two_moments(seen),
        figures=tuple(
            FigureRow(
                row.number,
                row.text,
                mine[row.key],
                rolled.children_total.row(row.key),
                totals[row.key] or 0,
            )
            for row in form.rows
        ),
        accepted=rolled.accepted,
        expected=rolled.expected,
        missing=tuple(MissingUnit(place.name, STATES[place.state]) for place in rolled.missing),
        machines=tuple(map(CountRow, MACHINES, machines.totals)) if machines.total else (),
        machine_figures=tuple(
            MachineRow(official_words(line), line.whole, line.frozen, line.holds) for line in detail.lines
        ),
        machine_notes=detail.notes,
        examined=_of_kinds(sentences, "looked at", *(() if machines.total else ("found",)), "false alarms"),
        software=_software(node),
        software_examined=_of_kinds(sentences, "software", "unchecked"),
        proposals=asked,
        as_of=f"đến {_moment(rolled.as_of)}",
        signature=names.signature(node),
        remark=" ".join(filter(None, (_remark(rolled, own), paper_note(campaign, form) if own else ""))),
        cc=("Như trên", "Lưu: VT"),
        annex=_filled(
            form,
            node,
            totals,
            {},
            narrative,
            _joined(asked),
            " ".join(filter(None, (paper_note(campaign, form) if own else "", _SEE if seen.moved else ""))),
            attached=_attached(node, year),
        ),
    )


def _two_moments(seen: Moments) -> tuple[str, ...]:
    """The lines under an assessment that was saved before the figures were counted; nothing where all is of
    one moment."""
    if not seen.are_told or seen.saved.at is None:
        return ()
    told = f"Đánh giá được lưu lúc {_moment(seen.saved.at)}; số liệu tính đến {_moment(seen.as_of)}."
    return (told, *((_RESTS_ON_OLD, *map(_moved, seen.moved)) if seen.moved else ()))


def _moved(one: Moved) -> str:
    now = f"số liệu hiện có: “{one.now}”" if one.now else "nay không còn đúng."
    return f"- “{one.before}” – {now}"


def signed_own(rolled: RollUp) -> Figures | None:
    """The own figures within `RollUp.signed`; None if none were typed."""
    if rolled.own is not None and rolled.report_state == "accepted":
        return rolled.own
    return rolled.entered or rolled.own


def _remark(rolled: RollUp, own: Figures | None) -> str:
    if own is None:
        return "Số liệu của chính đơn vị chưa được nhập nên chưa có trong tổng số."
    if own != rolled.own:
        return "Số liệu của chính đơn vị là số đơn vị đã nhập, chưa được cấp trên tiếp nhận."
    return ""


def _filled(
    form: Form,
    node: CampaignNode,
    totals: dict[str, int | None],
    notes: dict[str, str],
    narrative: str,
    proposals: str,
    prepared: str,
    attached: str = "",
) -> Annex:
    return Annex(
        rows=tuple(AnnexRow(r.number, r.text, totals[r.key], notes.get(r.key, "")) for r in form.rows),
        unit=names.full_name(node),
        assessment=narrative,
        proposals=proposals,
        footnote=form.head["note"].removeprefix("Ghi chú:").strip(),
        title=form.head["title"].removeprefix("MẪU ").strip(),
        attached_to=attached,
        prepared=prepared,
    )


def _form(form: Form, title: str) -> Annex:
    rows = tuple(AnnexRow(row.number, row.text) for row in form.rows)
    return Annex(rows=rows, footnote=form.head["note"].removeprefix("Ghi chú:").strip(), title=title)


def _bodies(lines: tuple[str, ...]) -> tuple[str, str]:
    """Superior body and issuing body. A line in lower case continues the line before."""
    bodies: list[list[str]] = []
    for line in lines:
        if bodies and line[:1].islower():
            bodies[-1].append(line)
        else:
            bodies.append([line])
    *above, issuer = bodies or [[""]]
    return "\n".join("\n".join(body) for body in above), "\n".join(issuer)


def order_cited(node: CampaignNode) -> str:
    """The order, cited by number, day and issuer; an unknown number is dotted."""
    stored: StoredLetter = read_letter(node.campaign.letter)
    if node.parent_id is None or not stored.symbol:
        return f"Thực hiện {_lower_first(node.campaign.title)}"
    year = timezone.localtime(node.campaign.due_at).year
    day = short_date(stored.issued_on) if stored.issued_on else names.blank_date(None, year)
    given = stored.number.zfill(2) if stored.number else "......"
    _above, issuer = _bodies(stored.issuer_lines)
    subject = stored.subject.removeprefix("V/v").strip()
    return f"Thực hiện Công văn số {given}/{stored.symbol} ngày {day} của {_flat(issuer)} về việc {subject}"


def _attached(node: CampaignNode, year: int) -> str:
    blank = " " * 6
    cited = f"Báo cáo số{blank}/BC-{node.doc_abbr} ngày{blank}tháng{blank}năm {year}"
    return f"Kèm theo {cited} của {names.full_name(node)}"


def _joined(asked: tuple[Proposal, ...]) -> str:
    lines = [f"{proposal.text.rstrip('.')} ({proposal.unit})." for proposal in asked]
    return "\n".join(lines)[:LONGEST_TEXT]


def _of_kinds(sentences: tuple[Said, ...], *kinds: str) -> str:
    """The sentences of these kinds as one paragraph."""
    return " ".join(one.text for one in sentences if one.kind in kinds)


def _software(node: CampaignNode) -> tuple[SoftwareRow, ...]:
    with override("vi"):
        return tuple(
            SoftwareRow(_upper_first(str(PRODUCT[product])), tally.found, tally.replaced)
            for product, tally in checks.by_product(checks.copies_below(node))
        )


def _flat(text: str) -> str:
    return text.replace("\n", " ")


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%H} giờ {local:%M} phút ngày {short_date(local.date())}"


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
