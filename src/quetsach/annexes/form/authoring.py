"""A form as an Excel workbook that an office edits (`Thông tin`, `Dòng`, `Quy tắc`), and its changes.

The workbook holds the whole definition, so reading it back gives the same form.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quetsach.annexes.form.definition import (
    COLUMNS,
    HEAD,
    LEVELS,
    STAGES,
    Form,
    FormError,
    content_key,
    read_form,
)
from quetsach.annexes.form.expression import ExpressionError, read_expression, write_expression
from quetsach.annexes.form.workbook import Sheet, WorkbookError, open_workbook
from quetsach.text.cells import BOLD, on_paper, row_height

ABOUT, ROWS, RULES, GUIDE = "Thông tin", "Dòng", "Quy tắc", "Hướng dẫn"
_KNOWN = {
    "": "",
    "received": "đã nhận",
    "deployed": "đã triển khai",
    "informed": "người nhận",
    "done": "người làm",
}
_LEVELS = dict(zip(LEVELS, ("chặn", "cảnh báo", "thông tin"), strict=True))
_STAGES = dict(zip(STAGES, ("báo cáo", "đặt hạn"), strict=True))
_YES = "có"
_ROW_HEAD = (
    "TT",
    "Nội dung (đúng lời văn của mẫu)",
    "Tên ngắn",
    "Tên ngắn tiếng Anh",
    "Hệ thống biết từ",
    "Có thể tính chính mình",
    "Nội dung tiếng Anh (chỉ hiện trên màn hình; để trống được)",
)
_RULE_HEAD = (
    "Mã", "Mức", "Lúc", "Đứng ở", "Lặp cho", "Báo khi", "Lời nhắc", "Lời nhắc tiếng Anh",
    "Lời ngắn", "Lời ngắn tiếng Anh",
)  # fmt: skip
_ABOUT = {
    "name": "Mã mẫu (chữ thường, số, gạch ngang)",
    "title_vi": "Tên mẫu",
    "title_en": "Tên mẫu tiếng Anh",
    "mark": "Nhãn đầu trang",
    "title": "Tiêu đề",
    "part1": "Tên phần 1",
    "unit": "Nhãn tên đơn vị",
    "narrative": "Nhãn đánh giá",
    "proposals": "Nhãn kiến nghị",
    "part2": "Tên phần 2",
    "note": "Ghi chú cuối mẫu",
    **{f"column{n}": f"Tên cột {n}" for n in range(1, COLUMNS + 1)},
    "ratio": "So tỷ lệ với đơn vị cùng cấp (hai dòng, ví dụ r2/r1; để trống nếu không so)",
    "mark_en": "Nhãn đầu trang tiếng Anh (chỉ hiện trên màn hình; để trống được)",
    "title_head_en": "Tiêu đề tiếng Anh",
    "part1_en": "Tên phần 1 tiếng Anh",
    "unit_en": "Nhãn tên đơn vị tiếng Anh",
    "narrative_en": "Nhãn đánh giá tiếng Anh",
    "proposals_en": "Nhãn kiến nghị tiếng Anh",
    "part2_en": "Tên phần 2 tiếng Anh",
    "note_en": "Ghi chú cuối mẫu tiếng Anh",
}
_ENGLISH = {key: "title_head_en" if key == "title" else f"{key}_en" for key in HEAD}
"""For each word of the head, the key of its English text; `title_en` is the name of the form."""
_GUIDE = (
    "Sửa trực tiếp ba trang Thông tin, Dòng, Quy tắc rồi tải tệp lên lại.",
    "Mẫu đang dùng không thay đổi: tệp này tạo ra một phiên bản mới.",
    "",
    "Dòng: đánh số liên tiếp từ 1. Dòng thứ n có mã rn (r1, r2…).",
    "Cột “Hệ thống biết từ”: đã nhận, đã triển khai, người nhận, người làm, hoặc để trống.",
    "",
    "Quy tắc, cột “Mức”: chặn (không gửi được), cảnh báo (cần ghi chú hoặc đánh dấu), thông tin.",
    "Cột “Lúc”: báo cáo (khi gửi báo cáo) hoặc đặt hạn (khi đặt hạn cho đơn vị).",
    "Cột “Báo khi” là điều kiện, ví dụ: r3 > r1 · r2 = 0 và r1 > 0 · trống(r4) · length(narrative) < 20.",
    "Được dùng + - * và ngoặc; so sánh: > >= < <= = <>; nối: và, hoặc, không(…).",
    "Cột “Đứng ở”: mã dòng (r1…), narrative, proposals, adjust_reason, hoặc figures cho cả mẫu.",
    "Cột “Lặp cho”: các mã cách nhau bằng dấu phẩy; khi đó “Đứng ở” ghi it, và điều kiện gọi mã là it.",
    "Trong lời nhắc, {r1} được thay bằng con số.",
    "",
    "children: số đơn vị trực thuộc · external: số đơn vị không có tài khoản được ghi tên · staff: biên chế",
    "known_r1…: số hệ thống biết · total_r1…: tổng cả bên dưới · paper_r1…: tổng trên bản giấy",
    "missing: đơn vị bên dưới chưa có báo cáo · changed: đơn vị đã đổi số · late_hours, late_days: số giờ, "
    "số ngày quá hạn",
    "adjusted: tổng số đã điều chỉnh · sibling_ratio: tỷ lệ của đơn vị cùng cấp · twin, "
    "as_before: 1 nếu trùng số",
    "raw: 1 nếu nhập từ giấy · self_counted: 1 nếu tính cả chính mình · claimed: mã số "
    "thuế đã bị khai nơi khác",
    "own_unit, form_current, locked, stale: 1 hoặc 0",
)
"""The advice on the last sheet of the workbook, for its author."""


class AuthoringError(FormError):
    """The workbook does not define a form; each problem is a code with the sheet and cell, or the name."""


@dataclass(frozen=True)
class Change:
    """One difference between two versions. `kind` is added, removed or changed."""

    kind: str
    where: str
    before: str
    after: str


def write_form(form: Form, name: str = "") -> bytes:
    """The form as a workbook to edit. `name` starts the key of the next version."""
    import xlsxwriter  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        about = book.add_worksheet(ABOUT)
        _columns(about, (44, 90))
        for line, (label, value) in enumerate(zip(_ABOUT.values(), _about(form, name), strict=True)):
            about.write_string(line, 0, label, head)
            about.write_string(line, 1, value, text)
            about.set_row(line, row_height([(label, 44 / BOLD), (value, 90)]))
        _table(book.add_worksheet(ROWS), _ROW_HEAD, _rows(form), (6, 70, 30, 30, 18, 14, 70), head, text)
        rules = book.add_worksheet(RULES)
        _table(rules, _RULE_HEAD, _rules(form), (8, 12, 10, 14, 22, 50, 60, 60, 34, 34), head, text)
        last = max(len(form.rules) + 20, 40)
        rules.data_validation(1, 1, last, 1, {"validate": "list", "source": list(_LEVELS.values())})
        rules.data_validation(1, 2, last, 2, {"validate": "list", "source": list(_STAGES.values())})
        guide = book.add_worksheet(GUIDE)
        _columns(guide, (140,))
        for line, sentence in enumerate(_GUIDE):
            guide.write_string(line, 0, sentence, text)
    return buffer.getvalue()


def read_authored(data: bytes) -> Form:
    """The form that an edited workbook defines; its key is made of its name and content.

    Raises WorkbookError for a file that is not such a workbook, AuthoringError with all problems and cells.
    """
    sheets = open_workbook(data)
    for name in (ABOUT, ROWS, RULES):
        if name not in sheets:
            raise WorkbookError("no_sheet", name)
        if sheets[name].formulas:
            raise WorkbookError("formula", f"{name}!{sheets[name].formulas[0]}")
        if sheets[name].merged:
            raise WorkbookError("merged", f"{name}!{sheets[name].merged[0]}")
    problems: list[tuple[str, str]] = []
    said = dict(zip(_ABOUT, (_cell(sheets[ABOUT], line, 1) for line in range(len(_ABOUT))), strict=True))
    name = said["name"]
    if not (name.isascii() and name.replace("-", "").isalnum() and name == name.lower()):
        problems.append(("name", f"{ABOUT}!B1"))
    definition: dict[str, Any] = {
        "title": {"vi": said["title_vi"], "en": said["title_en"]},
        "head": {
            **{key: said[key] for key in HEAD},
            "columns": [said[f"column{n}"] for n in range(1, COLUMNS + 1)],
        },
        "head_en": {key: said[line] for key, line in _ENGLISH.items() if said[line]},
        "ratio": [part.strip() for part in said["ratio"].split("/") if part.strip()],
        "row": list(_read_rows(sheets[ROWS], problems)),
        "rule": list(_read_rules(sheets[RULES], problems)),
    }
    try:
        form = read_form({**definition, "version": "new"})
    except FormError as error:
        raise AuthoringError(problems + error.problems) from error
    if problems:
        raise AuthoringError(problems)
    # Hashed in its stored form, so that the same definition always has the same key.
    return read_form({**form.as_dict(), "version": content_key(name, form.as_dict())})


def changes(before: Form, after: Form) -> list[Change]:
    """The differences between two versions, in words, rows and rules, in the order of the form.

    Words have the names of the workbook's first sheet, rows and rules their keys.
    """
    found = []
    for kind in ("title", "head", "head_en"):
        one, other = getattr(before, kind), getattr(after, kind)
        for key in dict.fromkeys((*one, *other)):
            found += _differ(_label(kind, key), one.get(key), other.get(key))
    found += _differ(_ABOUT["ratio"], "/".join(before.ratio), "/".join(after.ratio))
    rows = [{row.key: _said(row) for row in form.rows} for form in (before, after)]
    for key in dict.fromkeys((*rows[0], *rows[1])):
        found += _differ(key, rows[0].get(key), rows[1].get(key))
    rules = [_rules_by_name(form) for form in (before, after)]
    for key in dict.fromkeys((*rules[0], *rules[1])):
        found += _differ(key, rules[0].get(key), rules[1].get(key))
    return found


def _label(kind: str, key: str) -> str:
    line = {"title": f"title_{key}", "head": key, "head_en": _ENGLISH.get(key, key)}[kind]
    return _ABOUT.get(line, "Tên các cột" if key == "columns" else key)


def _differ(where: str, before: Any, after: Any) -> list[Change]:
    if before == after:
        return []
    kind = "added" if before is None else "removed" if after is None else "changed"
    return [Change(kind, where, _flat(before), _flat(after))]


def _flat(value: Any) -> str:
    return "" if value is None else " · ".join(map(str, value)) if isinstance(value, list) else str(value)


def _said(row: Any) -> str:
    own = _YES if row.counts_self else ""
    parts = (row.text, row.text_en, row.short["vi"], row.short["en"], _KNOWN[row.known], own)
    return " · ".join(part for part in parts if part)


def _rules_by_name(form: Form) -> dict[str, str]:
    named: dict[str, str] = {}
    for line in _rules(form):
        key, count = line[0], 1
        while (name := f"{key} ({count})" if count > 1 else key) in named:
            count += 1
        named[name] = " · ".join(part for part in line[1:] if part)
    return named


def _about(form: Form, name: str) -> list[str]:
    head = [str(form.head[key]) for key in HEAD]
    title = [form.title["vi"], form.title["en"]]
    english = [form.head_en.get(key, "") for key in _ENGLISH]
    return [name or "phu-luc", *title, *head, *form.head["columns"], "/".join(form.ratio), *english]


def _rows(form: Form) -> Iterator[Sequence[str]]:
    for row in form.rows:
        own = _YES if row.counts_self else ""
        short, known = (row.short["vi"], row.short["en"]), _KNOWN[row.known]
        yield str(row.number), row.text, *short, known, own, row.text_en


def _rules(form: Form) -> Iterator[Sequence[str]]:
    for rule in form.rules:
        near = rule.get("near") or {"vi": "", "en": ""}
        yield (
            rule["id"], _LEVELS[rule["level"]], _STAGES[rule.get("stage", "report")], rule["row"],
            ", ".join(rule.get("each", ())), write_expression(rule["when"]),
            rule["vi"], rule["en"], near["vi"], near["en"],
        )  # fmt: skip


def _read_rows(sheet: Sheet, problems: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    back = {word: known for known, word in _KNOWN.items()}
    for line in _lines(sheet):
        cells = [_cell(sheet, line, column) for column in range(len(_ROW_HEAD))]
        number, text, short, short_en, known, own, text_en = cells
        if known.lower() not in back:
            problems.append(("known", f"{ROWS}!E{line + 1}"))
        if not number.isdecimal():
            problems.append(("number", f"{ROWS}!A{line + 1}"))
            continue
        yield {
            "key": f"r{int(number)}", "number": int(number), "text": text,
            "short": {"vi": short, "en": short_en},
            "known": back.get(known.lower(), ""), "counts_self": own.lower() == _YES,
            "text_en": text_en,
        }  # fmt: skip


def _read_rules(sheet: Sheet, problems: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    levels = {word: level for level, word in _LEVELS.items()}
    stages = {word: stage for stage, word in _STAGES.items()}
    for line in _lines(sheet):
        texts = [_cell(sheet, line, column) for column in range(len(_RULE_HEAD))]
        name, level, stage, row, each, when, vi, en, near_vi, near_en = texts
        if level.lower() not in levels:
            problems.append(("level", f"{RULES}!B{line + 1}"))
        if stage.lower() not in stages:
            problems.append(("stage", f"{RULES}!C{line + 1}"))
        try:
            tree = read_expression(when)
        except ExpressionError as error:
            problems.append(("when", f"{RULES}!F{line + 1} {error.near}".strip()))
            tree = read_expression("0 = 0")  # any condition, so that no second problem is reported
        rule = {
            "id": name, "level": levels.get(level.lower(), "block"), "row": row, "when": tree,
            "vi": vi, "en": en,
        }  # fmt: skip
        if stages.get(stage.lower(), "report") != "report":
            rule["stage"] = stages[stage.lower()]
        if each:
            rule["each"] = [part.strip() for part in each.split(",") if part.strip()]
        if near_vi and near_en:
            rule["near"] = {"vi": near_vi, "en": near_en}
        yield rule


def _lines(sheet: Sheet) -> Iterator[int]:
    """The lines below the heading that are not empty."""
    return (line for line, cells in enumerate(sheet.cells) if line and any(cells))


def _cell(sheet: Sheet, line: int, column: int) -> str:
    cells = sheet.cells[line] if line < len(sheet.cells) else []
    return cells[column] if column < len(cells) else ""


def _columns(sheet: Any, widths: Sequence[int]) -> None:
    on_paper(sheet)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)


def _table(
    sheet: Any,
    head: Sequence[str],
    rows: Iterator[Sequence[str]],
    widths: Sequence[int],
    bold: Any,
    text: Any,
) -> None:
    _columns(sheet, widths)
    for column, words in enumerate(head):
        sheet.write_string(0, column, words, bold)
    sheet.set_row(0, row_height(zip(head, (width / BOLD for width in widths), strict=True)))
    sheet.repeat_rows(0)
    for line, row in enumerate(rows, start=1):
        sheet.set_row(line, row_height(zip(row, widths, strict=True)))
        for column, words in enumerate(row):
            sheet.write_string(line, column, words, text)
    sheet.freeze_panes(1, 0)
