"""The upload of a file of victims' reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.cases.victims.actions import MOST_BYTES
from quetsach.portal.kit.fields import CalendarDay


class VictimsForm(forms.Form):
    """One file: CSV of Shadowserver, JSON of n6, or a table of an office."""

    file = forms.FileField(
        label=gettext_lazy("File with reports"),
        widget=forms.ClearableFileInput(
            attrs={"accept": ".csv,.tsv,.txt,.json,.jsonl,.xlsx,.xlsm,.xls,.ods"}
        ),
    )
    day = CalendarDay(
        label=gettext_lazy("Day of the reports, if the table has no times"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    kind = forms.RegexField(
        r"^[a-z0-9_]{1,80}$",
        label=gettext_lazy("Type of Shadowserver's report, if the file was renamed"),
        required=False,
        help_text=gettext_lazy("Such as event4_sinkhole. Otherwise the file's name tells it."),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)d MB. Send it with the command quetsach victims."),
                code="too_large",
                params={"most": MOST_BYTES >> 20},
            )
        return file

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day is not None and not date(2000, 1, 1) <= day <= timezone.localdate():
            raise forms.ValidationError(_("This day lies in the future or too far back."), code="day")
        return day
