"""Plain words for codes of the wire format."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

REFUSALS = {
    "not_scan": gettext_lazy(
        "This is not a scan file of Quét Sạch. Choose the .jsonl file that the scan wrote."
    ),
    "schema": gettext_lazy(
        "The file was made by another version of the scanner. Scan again with the current one."
    ),
    "garbage": gettext_lazy("The file is damaged. Copy it again from the machine that made the scan."),
    "malformed": gettext_lazy("The file breaks the agreed form. Scan again with the current scanner."),
    "incomplete": gettext_lazy(
        "The file ends too early: the scan or the copy was interrupted. Scan or copy it again."
    ),
    "too_large": gettext_lazy("A line of the file is too long. Scan fewer files at once."),
    "too_long": gettext_lazy(
        "A name in the first line of the file is too long. Scan again with a shorter name."
    ),
}
COUNTED = {
    "not_scan": "unknown_kind",
    "garbage": "damaged",
    "incomplete": "damaged",
    "too_large": "too_large",
    "no_campaign": "foreign",
}
"""The reason under which a refused document is counted; all other codes are `content`."""


def refusal_words(code: str, line: int | None) -> str:
    """The reason that a file was not taken, with the line."""
    text = str(REFUSALS.get(code, REFUSALS["garbage"]))
    if line is None:
        return text
    return _("Line %(line)s: %(text)s Nothing of it was stored.") % {"line": line, "text": text}
