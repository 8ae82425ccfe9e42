"""The upload of files about machines, and the meanings of the columns of a register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.machines.identity.entries import BY_HAND
from quetsach.machines.sources.sent import MOST_BYTES, MOST_FILES
from quetsach.portal.kit.fields import CalendarMoment
from quetsach.portal.machines.uploads.actions import Told
from quetsach.text.vietnamese import nfc

HOUR = 3_600_000_000
_MOMENTS = ["%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y", "%d/%m/%Y", "%Y-%m-%dT%H:%M"]


class _ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(_FilesField, self).clean(one, initial) for one in files]


class EvidenceForm(forms.Form):
    """Files of one source."""

    file = _FilesField(
        label=gettext_lazy("Files of one source"),
        widget=_ManyFiles(attrs={"multiple": True}),
        help_text=gettext_lazy(
            "Several only if they are of one source, such as a lease file and its older parts."
        ),
    )
    source = forms.CharField(
        label=gettext_lazy("From where"),
        max_length=100,
        help_text=gettext_lazy(
            "A name for the source, the same each time: “router of the hall”, “antivirus”."
        ),
        widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}),
    )
    at = CalendarMoment(
        label=gettext_lazy("When it was taken, if not today"),
        required=False,
        input_formats=_MOMENTS,
        error_messages={"invalid": gettext_lazy("Write it as 24/11/2026 08:00.")},
        widget=forms.TextInput(attrs={"placeholder": "24/11/2026 08:00", "inputmode": "numeric"}),
        help_text=gettext_lazy("Counts for tables that hold no times, such as an ARP table."),
    )
    hours = forms.IntegerField(
        label=gettext_lazy("Length of a lease in hours, if the file names only its end"),
        required=False,
        min_value=1,
        max_value=24 * 366,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy(
            "dnsmasq, OpenWrt and Windows: it stands in the settings of the router. Often 12 or 24."
        ),
    )

    def clean_file(self) -> list[UploadedFile[Any]]:
        files: list[UploadedFile[Any]] = self.cleaned_data["file"]
        most = min(MOST_BYTES, settings.MAX_UPLOAD_BYTES)
        if sum(one.size or 0 for one in files) > most:
            raise forms.ValidationError(
                _(
                    "The files are larger than %(most)d MB together. Send them with the command"
                    " quetsach machines."
                ),
                code="too_large",
                params={"most": most >> 20},
            )
        if len(files) > MOST_FILES:
            raise forms.ValidationError(
                _("No more than %(most)d files at once."), code="too_many", params={"most": MOST_FILES}
            )
        return files

    def clean_source(self) -> str:
        text = nfc(self.cleaned_data["source"]).strip()
        if not text.isprintable():
            raise forms.ValidationError(_("Leave out characters that cannot be printed."), code="unreadable")
        if text == BY_HAND:
            raise forms.ValidationError(
                _("This name stands for what people write in the register; choose another one."),
                code="reserved",
            )
        return text

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and (at > timezone.now() or at.year < 2000):
            raise forms.ValidationError(_("This time lies in the future or too far back."), code="day")
        return at

    def told(self) -> Told:
        """What the person says of the files."""
        given = self.cleaned_data
        return Told(given["source"], given["at"], given["hours"] * HOUR if given["hours"] else None)
