"""Composes documents into blocks: the order of the elements, and the fixed words of each kind of document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat

from quetsach.documents import wording
from quetsach.documents.document import (
    MOST_MISSING_IN_TEXT,
    Annex,
    AnnexRow,
    Document,
    Facts,
    Heading,
    Letter,
    Notice,
    OfficialReport,
    Part,
    Report,
    Signature,
)
from quetsach.documents.paper import (
    Addressees,
    Align,
    AnnexName,
    Block,
    Closing,
    Dots,
    Header,
    Name,
    Paper,
    Paragraph,
    Table,
    Title,
)
from quetsach.text.vietnamese import number

_NOTHING_LOOKED_AT = (
    "Chưa có dữ liệu rà soát nhật ký kết nối mạng được gửi về; chưa đủ căn cứ để kết luận không có máy"
    " nhiễm mã độc."
)
_NO_CHECKS = (
    "Chưa có kết quả kiểm tra máy tính nào được gửi về; chưa đủ căn cứ để kết luận không có phần mềm bẻ khóa."
)
_ALL_THERE = "Không có. Tất cả đơn vị bên dưới đều đã có báo cáo được tiếp nhận."
_MISSING = "Danh sách đơn vị chưa có số liệu trong báo cáo"
_ROMAN = ("I", "II", "III")
REPORT = "Báo cáo"
DRAFT = "DỰ THẢO"


def compose(document: Document) -> Paper:
    """The blocks of a document whose texts can be printed."""
    match document:
        case Letter():
            made = _with_annex(document.subject, tuple(_letter(document)), document.annex)
            return replace(made, mark=DRAFT) if document.is_draft else made
        case Report():
            title = f"{REPORT} {document.subject}"
            return _with_annex(title, tuple(_report(document)), document.annex)
        case OfficialReport():
            title = f"{REPORT} {document.subject}"
            return _with_annex(
                title, tuple(_campaign_report(document)), document.annex, tuple(_missing_annex(document))
            )
        case Annex():
            return Paper(document.title, (tuple(_annex(document)),))
        case Notice():
            return _notice(document)


def _with_annex(
    title: str, blocks: tuple[Block, ...], annex: Annex | None, further: tuple[Block, ...] = ()
) -> Paper:
    annexes = [section for section in (tuple(_annex(annex)) if annex else (), further) if section]
    if len(annexes) > 1:
        annexes = [
            tuple(map(_numbered, section, repeat(n))) for n, section in zip(_ROMAN, annexes, strict=False)
        ]
    return Paper(title, (blocks, *annexes))


def _numbered(block: Block, number: str) -> Block:
    return replace(block, number=number) if isinstance(block, AnnexName) else block


def _header(heading: Heading, subject: str = "") -> Header:
    return Header(
        superior=_lines(wording.capitals(heading.superior)),
        issuer=_lines(wording.capitals(heading.issuer)),
        number=wording.number_line(heading.number, heading.symbol),
        dateline=wording.dateline(heading.place, heading.day, heading.year),
        subject=f"V/v {wording.about(subject)}" if subject else "",
    )


def _addressees(names: tuple[str, ...]) -> Addressees:
    return Addressees(wording.listed(names) if len(names) > 1 else tuple(map(wording.bare, names)))


def _running(texts: tuple[str, ...]) -> Iterator[Block]:
    for text in texts:
        yield Title(text) if wording.is_part(text) else Paragraph(text)


def _basis(items: tuple[str, ...]) -> Iterator[Block]:
    return (Paragraph(item, is_italic=True) for item in wording.ended(items))


def _closing(text: str, cc: tuple[str, ...], signature: Signature) -> Closing:
    authority = tuple(map(wording.authority, signature.lines))
    return Closing(text, wording.listed(cc), authority, signature.name)


def _letter(letter: Letter) -> Iterator[Block]:
    *texts, last = wording.paragraphs(letter.paragraphs) or (wording.END,)
    yield _header(letter.heading, letter.subject)
    yield _addressees(letter.addressees)
    yield from _basis(letter.basis)
    yield from _running(tuple(texts))
    yield _closing(last, letter.cc, letter.signature)


def _report(report: Report) -> Iterator[Block]:
    *texts, last = wording.paragraphs(report.paragraphs) or (wording.END,)
    yield _header(report.heading)
    yield Name(REPORT.upper(), wording.about(report.subject))
    yield _addressees(report.addressees)
    yield from _basis(report.basis)
    yield from _running(tuple(texts))
    if report.figures:
        yield _counts(report.figures)
    yield _closing(last, report.cc, report.signature)


def _campaign_report(report: OfficialReport) -> Iterator[Block]:
    yield _header(report.heading)
    yield Name(REPORT.upper(), report.subject)
    yield _addressees(report.addressees)
    yield from _basis(report.basis)
    yield Paragraph(f"{report.opening}:")
    yield Title("I. Kết quả thực hiện")
    yield Title("1. Đánh giá chung")
    yield from _split(report.narrative) if report.narrative else (Dots(2),)
    yield from _small(report.moments)
    yield Title("2. Số liệu tổng hợp")
    yield from _sums(report)
    yield Title("3. Máy tính có kết nối đến địa chỉ độc hại")
    yield from _machines(report)
    yield Title("4. Phần mềm bẻ khóa, không có bản quyền")
    yield from _software(report)
    yield from _missing(report)
    yield Title("II. Đề xuất, kiến nghị")
    wishes = [f"- {wish.text.rstrip('.')} ({wish.unit})." for wish in report.proposals]
    yield from _split(tuple(wishes) or ("Không có.",))
    subject = report.subject[:1].lower() + report.subject[1:]
    issuer = " ".join(_lines(report.heading.issuer))
    yield _closing(f"Trên đây là báo cáo {subject} của {issuer}{wording.END}", report.cc, report.signature)


def _sums(report: OfficialReport) -> Iterator[Block]:
    told = f"Số liệu tính {report.as_of}."
    if report.expected:
        told += (
            f" Tổng số gồm số liệu của đơn vị và số liệu đã được tiếp nhận của {number(report.accepted)} trên"
            f" {number(report.expected)} đơn vị bên dưới; mỗi đơn vị chỉ được tính một lần."
        )
    yield Paragraph(told)
    yield Table(
        widths=(12, 79, 25, 27, 22),
        aligns=("center", "left", "right", "right", "right"),
        head=("TT", "Nội dung", "Số của đơn vị", "Đơn vị bên dưới", "Tổng số"),
        rows=tuple(
            (str(row.number), row.content, _figure(row.own), _figure(row.below), _figure(row.total))
            for row in report.figures
        ),
        bold=(4,),
        is_whole=True,
    )
    yield from _split((report.remark,) if report.remark else ())


def _machines(report: OfficialReport) -> Iterator[Block]:
    if report.examined:
        yield from _split((report.examined,))
    elif not report.machines:
        yield Paragraph(_NOTHING_LOOKED_AT)
    if report.machines:
        rows = [(str(n), row.name, number(row.count)) for n, row in enumerate(report.machines, start=1)]
        rows.append(("", "Tổng số", number(sum(row.count for row in report.machines))))
        yield Table(
            widths=(12, 123, 30),
            aligns=("center", "left", "right"),
            head=("TT", "Tình trạng xử lý (mỗi máy tính một lần)", "Số máy"),
            rows=tuple(rows),
            is_summed=True,
            is_whole=True,
        )
    if report.machine_figures:
        yield from _machine_figures(report)


def _machine_figures(report: OfficialReport) -> Iterator[Block]:
    rows = report.machine_figures
    columns = [("Hiện nay", [row.now for row in rows])]
    if any(row.frozen is not None for row in rows):
        columns.append(("Đã chốt", [row.frozen or 0 for row in rows]))
    if any(row.restated is not None for row in rows):
        columns.append(("Điều chỉnh", [row.restated or 0 for row in rows]))
    width = 25
    aligns: tuple[Align, ...] = ("center", "left", "right", "right", "right")
    yield Table(
        widths=(12, 153 - width * len(columns), *[width] * len(columns)),
        aligns=aligns[: 2 + len(columns)],
        head=("TT", "Số liệu máy tính", *(head for head, _counts in columns)),
        rows=tuple(
            (str(n + 1), row.name, *(number(counts[n]) for _head, counts in columns))
            for n, row in enumerate(rows)
        ),
        is_whole=True,
    )
    yield from _split(report.machine_notes)


def _software(report: OfficialReport) -> Iterator[Block]:
    yield from _split((report.software_examined or _NO_CHECKS,))
    if report.software:
        counts = [(row.found, row.replaced, row.found - row.replaced) for row in report.software]
        sums = map(sum, zip(*counts, strict=True))
        named = [(str(n), row.name) for n, row in enumerate(report.software, start=1)]
        rows = [(*names, *map(number, row)) for names, row in zip(named, counts, strict=True)]
        rows.append(("", "Tổng số", *map(number, sums)))
        yield Table(
            widths=(12, 63, 30, 30, 30),
            aligns=("center", "left", "right", "right", "right"),
            head=("TT", "Sản phẩm", "Phát hiện", "Đã thay thế", "Còn lại"),
            rows=tuple(rows),
            is_summed=True,
            is_whole=True,
        )


def _missing(report: OfficialReport) -> Iterator[Block]:
    if not report.expected:
        return
    yield Title("5. Đơn vị chưa có số liệu trong báo cáo")
    if not report.missing:
        yield Paragraph(_ALL_THERE)
        return
    told = (
        f"Có {number(len(report.missing))} đơn vị chưa có báo cáo được tiếp nhận; số liệu của các đơn vị này"
        " không được ước tính và không nằm trong tổng số"
    )
    if _is_missing_long(report):
        yield Paragraph(f"{told} (danh sách tại Phụ lục{' II' if report.annex else ''}).")
    else:
        yield Paragraph(f"{told}:")
        yield _missing_units(report)


def _is_missing_long(report: OfficialReport) -> bool:
    return bool(report.expected) and len(report.missing) > MOST_MISSING_IN_TEXT


def _missing_annex(report: OfficialReport) -> Iterator[Block]:
    if _is_missing_long(report):
        attached = report.annex.attached_to if report.annex else ""
        yield AnnexName((wording.capitals(_MISSING),), f"({attached})" if attached else "")
        yield _missing_units(report)


def _missing_units(report: OfficialReport) -> Table:
    return Table(
        widths=(12, 93, 60),
        aligns=("center", "left", "left"),
        head=("TT", "Đơn vị", "Tình trạng báo cáo"),
        rows=tuple((str(n), unit.name, unit.reason) for n, unit in enumerate(report.missing, start=1)),
    )


def _notice(notice: Notice) -> Paper:
    title = f"{notice.type_name} {notice.subject}".strip()
    sections = [tuple(_notice_text(notice))]
    if notice.evidence:
        head = notice.heading
        attached = wording.attached(
            notice.type_name or "Công văn", head.number, head.symbol, head.day, " ".join(_lines(head.issuer))
        )
        name = AnnexName(_lines(wording.capitals(notice.evidence_title)), f"({attached})")
        sections.append((name, *_parts(notice.evidence)))
    return Paper(title, tuple(sections), DRAFT if notice.is_draft else "")


def _notice_text(notice: Notice) -> Iterator[Block]:
    if notice.type_name:
        yield _header(notice.heading)
        yield Name(notice.type_name.upper(), wording.about(notice.subject))
    else:
        yield _header(notice.heading, notice.subject)
    yield _addressees(notice.addressees)
    yield from _basis(notice.basis)
    yield from _split(notice.opening)
    yield from _parts(notice.parts)
    yield _closing(wording.bare(notice.closing) + wording.END, notice.cc, notice.signature)


def _parts(parts: tuple[Part, ...]) -> Iterator[Block]:
    for part in parts:
        yield Title(part.title)
        yield from _split(part.paragraphs) if part.paragraphs or part.tables else (Dots(2),)
        for one in part.tables:
            if isinstance(one, Facts):
                yield Table(
                    (45, 120), ("left", "left"), (one.title, one.subject), one.rows, bold=(0,), is_whole=True
                )
            else:
                yield Table(one.widths, tuple("left" for _ in one.widths), one.head, one.rows)


def _annex(annex: Annex) -> Iterator[Block]:
    yield AnnexName(
        _lines(wording.capitals(annex.title)), f"({annex.attached_to})" if annex.attached_to else ""
    )
    yield Title("1. Thông tin chung")
    if annex.unit:
        yield Paragraph(f"- Tên đơn vị: {annex.unit}")
    else:
        yield Paragraph("- Tên đơn vị: ", has_dots=True)
    yield Paragraph("- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:")
    yield from _written(annex.assessment)
    yield Paragraph("- Đề xuất, kiến nghị (nếu có):")
    yield from _written(annex.proposals)
    yield Title("2. Thông tin số liệu")
    yield _counts(annex.rows)
    if annex.footnote:
        yield Paragraph(annex.footnote, lead="Ghi chú: ", is_indented=False)
    yield from _small((annex.prepared,))


def _counts(rows: tuple[AnnexRow, ...]) -> Table:
    return Table(
        widths=(12, 93, 25, 35),
        aligns=("center", "left", "right", "left"),
        head=("TT", "Nội dung", "Số lượng", "Ghi chú"),
        rows=tuple((str(row.number), row.content, _figure(row.count), row.note) for row in rows),
        is_whole=True,
    )


def _written(text: str) -> Iterator[Block]:
    return _split((text,)) if text else iter((Dots(2),))


def _small(texts: tuple[str, ...]) -> Iterator[Block]:
    """Notes on how a document was made, which are no part of its text."""
    lines = (line for text in texts for line in _lines(text))
    return (Paragraph(line, size=12, is_italic=True, is_indented=False) for line in lines)


def _split(texts: tuple[str, ...]) -> Iterator[Block]:
    return (Paragraph(line) for text in texts for line in _lines(text))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line.strip())


def _figure(count: int | None) -> str:
    return "" if count is None else number(count)
