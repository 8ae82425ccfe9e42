"""The sentences about a refused table of units, or a refused cell, in the page's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.tables import kind_labels
from quetsach.units.columns import BY_KEY
from quetsach.units.table import MOST_COLUMNS, MOST_ROWS, Problem, TableError

FILES: dict[str, str | Promise] = {
    "empty": gettext_lazy("The file holds no unit. It needs a line of headings, then a line for each unit."),
    "old_excel": gettext_lazy(
        "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without a password."
    ),
    "web_page": gettext_lazy(
        "This is a web page or XML under the name of a workbook. Open it in Excel and save it as .xlsx."
    ),
    "not_table": gettext_lazy("This is neither an Excel workbook (.xlsx) nor a CSV file."),
    "binary": gettext_lazy("This is a binary Excel file (.xlsb). Open it in Excel and save it as .xlsx."),
    "far": gettext_lazy(
        "A cell claims to be at %(value)s, beyond the end of any sheet. Open the file in Excel and "
        "save it again."
    ),
    "limits": gettext_lazy(
        "The file needs too much memory or time to be opened. Copy the table into a new workbook, "
        "save that as .xlsx and choose it; or split the table."
    ),
    "encoding": gettext_lazy("Line %(value)s is not UTF-8. Save the file as “CSV UTF-8” or as .xlsx."),
    "damaged": gettext_lazy("The file is damaged or cut off. Save it again and choose it once more."),
    "quotes": gettext_lazy(
        "Line %(value)s has a quotation mark without its other half, so nobody can tell where the cell ends."
        " Correct it and choose the file again."
    ),
    "too_large": gettext_lazy("Unpacked, the file is larger than %(value)s MB. It was not read."),
    "too_many_rows": gettext_lazy(
        "The file has %(value)s lines; at most %(most)s are accepted at once. Split it, for example"
        " by province."
    ),
    "too_wide": gettext_lazy("Something stands in column %(value)s. Clear all beyond column %(columns)s."),
    "no_header": gettext_lazy(
        "No line has the heading “Tên đơn vị”. Export the table of your units first and fill in that one."
    ),
    "twice": gettext_lazy("The heading “%(value)s” occurs twice. Remove one of the two columns."),
    "no_reader": gettext_lazy("This server cannot read Excel files. Save the table as “CSV UTF-8”."),
}
CELLS: dict[str, str | Promise] = {
    "formula": gettext_lazy("holds a formula. Copy the column and paste it as values."),
    "merged": gettext_lazy("is merged with others (%(value)s). Unmerge the cells and fill in each."),
    "no_name": gettext_lazy("is empty: a unit needs a name."),
    "too_long": gettext_lazy("is too long: at most %(value)s characters."),
    "unprintable": gettext_lazy("contains characters that cannot be printed. Type it again."),
    "kind": gettext_lazy("“%(value)s” is none of the known kinds: %(kinds)s."),
    "staff_count": gettext_lazy("“%(value)s” is not a whole number such as 25 or 1.234."),
    "contact_phone": gettext_lazy("“%(value)s” is not a phone number such as 0213 3896 123."),
    "contact_email": gettext_lazy("“%(value)s” is not an e-mail address."),
    "unknown_id": gettext_lazy("“%(value)s” is no unit below this one. Empty the cell for a new unit."),
    "twice": gettext_lazy("The same unit is in line %(value)s already."),
    "no_parent": gettext_lazy("“%(value)s” is neither here nor in the file."),
    "many_parents": gettext_lazy("Several units are named “%(value)s”. Write the place too: Xã B / Tỉnh A"),
    "twins": gettext_lazy("“%(value)s” occurs twice below the same unit."),
    "cycle": gettext_lazy("The unit would stand below itself."),
}


def file_refusal(error: TableError) -> str:
    """The reason that nothing of the file was taken."""
    value = num(error.value) if isinstance(error.value, int) else error.value
    places = {"value": value, "most": num(MOST_ROWS), "columns": MOST_COLUMNS}
    return str(FILES[error.code]) % places


def problem_text(problem: Problem) -> str:
    """`Cell C12: …`"""
    kinds = "; ".join(kind_labels().values())
    text = str(CELLS[problem.code]) % {"value": problem.value[:100], "kinds": kinds}
    place = f"{problem.column}{problem.row}"
    return _("Cell %(place)s: %(text)s") % {"place": place, "text": text}


def column_title(key: str) -> str:
    """The heading of a column, as in the file."""
    return BY_KEY[key].headings[0]
