"""Form fields as officers fill them in: counts with a point for thousands, several files at once."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from quetsach.text.typed import as_typed

MOST = 9_999_999
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days that somebody could mean. The calendar's first and last days lack a neighbour and a time in UTC."""
_COUNT = re.compile(r"\d+|\d{1,3}(\.\d{3})+", re.ASCII)


def read_count(text: str) -> int:
    """A whole number from 0 to 9.999.999: "1234" or "1.234"; "1,5", "12.5" and "-3" raise ValueError."""
    text = text.strip()
    if not _COUNT.fullmatch(text):
        raise ValueError(text)
    value = int(text.replace(".", ""))
    if value > MOST:
        raise ValueError(text)
    return value


class TypedField(forms.CharField):
    """A text that stays in a record: without the characters that nobody sees."""

    def to_python(self, value: Any) -> str:
        return as_typed(super().to_python(value) or "")


class CountField(forms.CharField):
    """A count of people or machines. Zero is a value; blank is refused where required."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "class": "fig", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), max_length=12, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_count(text)
        except ValueError as error:
            raise ValidationError(_("Write a whole number from 0 on, such as 25 or 1.234.")) from error


class CalendarDay(forms.DateField):
    """A day from 1900 to 2199; any other day counts as one that does not exist."""

    def to_python(self, value: Any) -> date | None:
        day: date | datetime | None = super().to_python(value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class CalendarMoment(forms.DateTimeField):
    """A moment on a day from 1900 to 2199, as `CalendarDay`."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            moment: datetime | None = super().to_python(value)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if moment is not None and not FIRST_DAY <= moment.date() <= LAST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class FilesInput(forms.ClearableFileInput):
    """Lets several files be chosen, or with `webkitdirectory` a folder."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """The chosen files, as a list; an empty list is refused if the field is required."""

    widget = FilesInput
    default_error_messages = {"required": _("Choose at least one file.")}  # noqa: RUF012

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = [file for file in data or [] if file]
        if self.required and not files:
            raise ValidationError(self.error_messages["required"], code="required")
        return [super(FilesField, self).clean(file, initial) for file in files]
