"""The upload of annex files, and the figures of one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.form.figures import FigureError, parse_figure
from quetsach.portal.intake.actions import IntakeError
from quetsach.portal.kit.fields import FilesField
from quetsach.text.typed import as_typed

MOST_UPLOAD = 64 << 20
"""Bytes of one upload; the annexes of a district have a few megabytes."""


MOST_NOTE = 500
"""Characters of a note that goes into the record with a taken row."""


class IntakeForm(forms.Form):
    """Word, Excel and PDF files, ZIP archives, saved e-mails. An empty file is reported when it is read."""

    annexes = FilesField(label=gettext_lazy("Files with annexes, or one ZIP"), allow_empty_file=True)

    def clean_annexes(self) -> list[UploadedFile[Any]]:
        files: list[UploadedFile[Any]] = self.cleaned_data["annexes"]
        if sum(file.size or 0 for file in files) > MOST_UPLOAD:
            raise forms.ValidationError(
                _(
                    "The file is larger than %(most)d MB. Remove pictures from it, or scan it more coarsely,"
                    " then send it again."
                )
                if len(files) == 1
                else _("More than %(most)d MB together. Send them in parts."),
                code="too_large",
                params={"most": MOST_UPLOAD >> 20},
            )
        return files


def read_figures(posted: Mapping[str, str]) -> dict[str, int | None]:
    """The four figures of a row; a blank one is unknown. Raises IntakeError with the name of the bad row."""
    values: dict[str, int | None] = {}
    for row in ROWS:
        if row in posted:
            try:
                values[row] = parse_figure(posted[row])
            except FigureError as error:
                said = {"row": row[1], "typed": posted[row][:40]}
                raise IntakeError(_("Row %(row)s: “%(typed)s” is not a whole number.") % said) from error
    return values


def read_note(posted: Mapping[str, str]) -> str:
    """The note of the person at the desk, in one line. Raises IntakeError if it is too long to be kept."""
    note = " ".join(as_typed(posted.get("note", "")).split())
    if len(note) > MOST_NOTE:
        over = {"most": MOST_NOTE, "n": len(note)}
        raise IntakeError(_("The note has %(n)d characters; at most %(most)d are kept. Shorten it.") % over)
    return note
