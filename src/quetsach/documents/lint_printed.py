"""Checks a finished letter or report, Word or PDF: its words, its marks, its letters and its page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from quetsach.documents import elements, wording
from quetsach.documents.elements import DATE, NUMBER, Elements
from quetsach.documents.lint import LETTERS, Finding, found
from quetsach.documents.lint_fields import ARCHIVE, as_above, deputies, symbol, visible, without_titles
from quetsach.documents.reading import Line, Reading
from quetsach.text.marks import normalize
from quetsach.text.vietnamese import nfc

A4 = (210, 297)
MARGINS = {"top": (20, 25), "bottom": (20, 25), "left": (30, 35), "right": (15, 20)}
_TIMES = ("timesnewroman", "times", "liberationserif", "tinos")
_TOLERANCE = 0.6
"""Millimetres (and half a point of a size) lost to the rounding of programs."""


def lint(reading: Reading) -> list[Finding]:
    """Findings from the top of the document to its end, then those about the page."""
    got = elements.find(reading)
    return [finding for check in _CHECKS for finding in check(reading, got)]


def _head(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.country is None or got.motto is None:
        yield found("no-country", "Quốc hiệu, Tiêu ngữ")
    for rule, line, should in (
        ("country", got.country, wording.COUNTRY),
        ("motto", got.motto, wording.MOTTO),
    ):
        if line is not None and nfc(line.text) != should:
            yield found(rule, "Quốc hiệu, Tiêu ngữ", found=line.text, should=should)


def _number(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.number is None:
        yield found("no-number", "Số, ký hiệu")
        return
    form = NUMBER.match(got.number.text)
    assert form is not None
    number, sign = form["number"].strip(" .…_"), form["symbol"].strip()
    if not number:
        yield found("number-blank", "Số, ký hiệu")
    elif number.isdecimal() and len(number) == 1:
        yield found("number-zero", "Số, ký hiệu", found=number, should=number.zfill(2))
    if sign != symbol(sign):
        yield found("symbol", "Số, ký hiệu", found=sign, should=symbol(sign))


def _date(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.date is None:
        yield found("no-date", "Địa danh, thời gian")
        return
    form = DATE.match(got.date.text)
    assert form is not None
    day, month = (form[part].strip(" .…_") for part in ("day", "month"))
    if not day or not month:
        yield found("date-blank", "Địa danh, thời gian")
        return
    if not (day.isdecimal() and month.isdecimal()):
        return
    right = f"{int(day):02d}", f"{int(month):02d}" if int(month) < 3 else str(int(month))
    if (day, month) != right:
        yield found(
            "date-zero",
            "Địa danh, thời gian",
            found=f"ngày {day} tháng {month}",
            should=f"ngày {right[0]} tháng {right[1]}",
        )


def _subject(_reading: Reading, got: Elements) -> Iterator[Finding]:
    text = " ".join(line.text for line in got.subject)
    if text.endswith((".", ";")):
        yield found("subject-end", "Trích yếu", found=text[-30:], should=text[-30:].rstrip(".; "))
    if len(text) > 500:
        yield found("subject-long", "Trích yếu", found=str(len(text)), should="500")


def _addressees(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.kinh_gui is None:
        if got.name is None:
            yield found("no-addressee", "Kính gửi")
        return
    texts = [line.text for line in got.addressees]
    if len(texts) == 1:
        # A single addressee stands behind the colon; in practice with or without a full stop.
        return
    for text, should in zip(texts, wording.listed(texts), strict=True):
        if text != should:
            yield found("addressee-mark", "Kính gửi", found=text, should=should)


def _end(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.body and not got.body[-1].text.endswith(wording.END):
        yield found("end", "Nội dung", found=got.body[-1].text[-12:], should=wording.END)


def _recipients(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.recipients is None:
        yield found("no-recipients", "Nơi nhận")
        return
    for line in got.cc:
        bare = wording.bare(line.text)
        if as_above(bare) != bare:
            yield found("same-as-above", "Nơi nhận", found=bare, should=as_above(bare))
    if got.cc and not any(wording.bare(line.text).lower().startswith("lưu") for line in got.cc):
        yield found("no-archive", "Nơi nhận", should=ARCHIVE)
    for text, should in zip(
        (line.text for line in got.cc), wording.listed([c.text for c in got.cc]), strict=True
    ):
        if re.sub(r"^-\s*", "- ", text) != should:
            yield found("recipient-mark", "Nơi nhận", found=text, should=should)


def _signed(_reading: Reading, got: Elements) -> Iterator[Finding]:
    for line in got.authority:
        should = wording.authority(line.text)
        if line.text != should:
            yield found("authority", "Quyền hạn, chức vụ", found=line.text, should=should)
    yield from deputies([line.text for line in got.authority], "Quyền hạn, chức vụ")
    if got.signer is None:
        if got.recipients is not None:
            yield found("signer-blank", "Họ và tên")
    elif without_titles(got.signer.text) != got.signer.text:
        yield found(
            "academic-title", "Họ và tên", found=got.signer.text, should=without_titles(got.signer.text)
        )


def _annex(_reading: Reading, got: Elements) -> Iterator[Finding]:
    if got.annex is None:
        return
    word = got.annex.text.split()[0:2]
    if word and " ".join(word) != "Phụ lục":
        yield found("annex-word", "Phụ lục", found=" ".join(word), should="Phụ lục")
    if got.cited is None:
        yield found("annex-cited", "Phụ lục", should="(Kèm theo … số … ngày … của …)")


def _text(reading: Reading, _got: Elements) -> Iterator[Finding]:
    for rule, made_right in (("composed", partial(normalize, "NFC")), ("invisible", visible)):
        if line := next((line for line in reading.lines if made_right(line.text) != line.text), None):
            yield found(rule, f"“{line.text[:30]}”")


def _page(reading: Reading, _got: Elements) -> Iterator[Finding]:
    width, height = reading.page
    if abs(width - A4[0]) > 1 or abs(height - A4[1]) > 1:
        yield found("paper", "Khổ giấy", found=f"{width:.0f} × {height:.0f}", should="210 × 297")
    if reading.margins is not None:
        for (side, (least, most)), measured in zip(MARGINS.items(), reading.margins, strict=True):
            if not least - _TOLERANCE <= measured <= most + _TOLERANCE:
                yield found("margin", _SIDES[side], found=f"{measured:.0f}", should=f"{least}-{most}")
    strange = [
        name
        for name, count in reading.typefaces.most_common()
        if count > 20 and not name.lower().replace(" ", "").startswith(_TIMES)
    ]
    if strange:
        yield found("typeface", "Phông chữ", found=", ".join(strange[:3]), should="Times New Roman")
    if reading.has_numbers is False:
        yield found("page-number", "Số trang")


_SIDES = {"top": "Lề trên", "bottom": "Lề dưới", "left": "Lề trái", "right": "Lề phải"}


def _letters(_reading: Reading, got: Elements) -> Iterator[Finding]:
    of_element: dict[str, list[Line | None]] = {
        "country": [got.country], "motto": [got.motto], "issuer": [got.issuer], "number": [got.number],
        "date": [got.date], "subject": [*got.subject], "addressee": [got.kinh_gui, *got.addressees],
        "body": [*got.body], "authority": [*got.authority], "signer": [got.signer],
        "recipients": [got.recipients], "recipient": [*got.cc],
    }  # fmt: skip
    for element, lines in of_element.items():
        (least, most), is_bold, is_italic = LETTERS[element]
        there = [line for line in lines if line is not None]
        sizes = f"{least}" if least == most else f"{least}-{most}"
        wrong = {
            "size": [line for line in there if not least - 0.3 <= line.size <= most + 0.3],
            "bold": [line for line in there if is_bold and not line.is_bold],
            "italic": [line for line in there if is_italic and not line.is_italic],
        }
        for rule, deviating in wrong.items():
            for line in deviating[:1]:
                yield found(rule, _PLACES[element], text=line.text, found=f"{line.size:g}", should=sizes)


_PLACES = {
    "country": "Quốc hiệu", "motto": "Tiêu ngữ", "issuer": "Cơ quan ban hành", "number": "Số, ký hiệu",
    "date": "Địa danh, thời gian", "subject": "Trích yếu", "addressee": "Kính gửi", "body": "Nội dung",
    "authority": "Quyền hạn, chức vụ", "signer": "Họ và tên", "recipients": "Nơi nhận",
    "recipient": "Nơi nhận",
}  # fmt: skip
_CHECKS: tuple[Callable[[Reading, Elements], Iterator[Finding]], ...] = (
    _head, _number, _date, _subject, _addressees, _end, _recipients, _signed, _annex, _letters, _text, _page,
)  # fmt: skip
