"""The messages about a refused workbook: the fault, the cell, and the next step."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.annexes.form.workbook import WorkbookError

SENTENCES: dict[str, str | Promise] = {
    "too_big": gettext_lazy(
        "The file is larger than %(where)s. A filled-in form is far smaller: send the form itself."
    ),
    "locked_or_old": gettext_lazy(
        "The file has a password, or is in the old .xls format. Remove the password, save "
        "it as .xlsx, then send it."
    ),
    "no_workbook": gettext_lazy(
        "This is not an Excel workbook (.xlsx). Send the file that you downloaded from this page."
    ),
    "bomb": gettext_lazy(
        "The file unpacks to more than %(where)s. Nothing was read. Download the form again and fill it in."
    ),
    "xlsb": gettext_lazy(
        "This is a binary Excel file (.xlsb). Open it in Excel, save it as .xlsx, then send it again."
    ),
    "far": gettext_lazy(
        "A cell claims to be at %(where)s, beyond the end of any sheet. Download the form again and"
        " fill it in."
    ),
    "limits": gettext_lazy(
        "The file needs too much memory or time to be opened; a filled-in form needs little. "
        "Download the form again and fill it in."
    ),
    "macros": gettext_lazy("The file holds macros. Save it as .xlsx without macros, then send it again."),
    "links": gettext_lazy(
        "The file is linked to other workbooks. Break the links (Data, Edit links), then send it again."
    ),
    "damaged": gettext_lazy(
        "The file is damaged. Open it in Excel, save it again, then send it. If Excel cannot open "
        "it, download the form again and fill it in."
    ),
    "too_many_rows": gettext_lazy(
        "The sheet has too many lines (%(where)s). Delete what is below the form, then send it."
    ),
    "too_many_columns": gettext_lazy(
        "The sheet has too many columns (%(where)s). Delete what is beside the form."
    ),
    "other_workbook": gettext_lazy(
        "This workbook was not made by this portal. Download the form from this page, fill it in, "
        "then send that file."
    ),
    "formula": gettext_lazy(
        "Cell %(where)s holds a formula. Type the number itself, then send the file again."
    ),
    "merged": gettext_lazy(
        "Cells %(where)s are merged. Unmerge them, or download the form again and fill it in."
    ),
    "moved": gettext_lazy(
        "Cell %(where)s no longer holds the words of the form: lines were moved or changed. "
        "Download the form again."
    ),
    "stray": gettext_lazy(
        "There is text below the form, near cell %(where)s. Delete it, then send the file again."
    ),
    "no_sheet": gettext_lazy(
        "The sheet “%(where)s” is missing. Download the workbook again and edit that one."
    ),
}
"""Code of a WorkbookError: the sentence."""

PROBLEMS: dict[str, str | Promise] = {
    "name": gettext_lazy(
        "%(where)s: write a name of small letters a-z, digits and hyphens, such as phu-luc-2026."
    ),
    "known": gettext_lazy("%(where)s: write one of the words of the guide, or leave it blank."),
    "number": gettext_lazy("%(where)s: number the rows 1, 2, 3… without a gap."),
    "rows": gettext_lazy("A form has 1 to 40 rows; this one has %(where)s."),
    "row_text": gettext_lazy("Row %(where)s lacks its text or one of its short names."),
    "head": gettext_lazy("Sheet “Thông tin”: “%(where)s” is blank."),
    "ratio": gettext_lazy("Sheet “Thông tin”: the ratio “%(where)s” must name two rows, such as r2/r1."),
    "level": gettext_lazy("%(where)s: the level must be chặn, cảnh báo or thông tin."),
    "stage": gettext_lazy("%(where)s: write báo cáo or đặt hạn."),
    "when": gettext_lazy("%(where)s: this condition cannot be read. See the guide for examples."),
    "rule_row": gettext_lazy("Rule %(where)s stands at a row that the form does not have."),
    "rule_text": gettext_lazy("Rule %(where)s lacks its sentence in Vietnamese or English."),
    "fact": gettext_lazy(
        "Rule %(where)s: this name is not known. See the guide for the names that can be used."
    ),
    "condition": gettext_lazy("Rule %(where)s is not a condition on numbers. See the guide for examples."),
    "shape": gettext_lazy("The workbook cannot be read as a form: %(where)s"),
}
"""Code of a problem of an authored form: the sentence."""


def say(error: WorkbookError) -> str:
    """The sentence for a refused workbook."""
    return str(SENTENCES[error.code]) % {"where": error.where}


def say_problems(problems: list[tuple[str, str]]) -> list[str]:
    """A sentence for each problem of an authored form, each once."""
    found = (str(PROBLEMS[code]) % {"where": where or _("a blank cell")} for code, where in problems)
    return list(dict.fromkeys(found))
