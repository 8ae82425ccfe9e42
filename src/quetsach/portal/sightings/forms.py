"""The upload of a scan file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ScanForm(forms.Form):
    """One file as `quetsach scan -o FILE.jsonl` writes it."""

    file = forms.FileField(
        label=gettext_lazy("Scan file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".jsonl,application/x-ndjson"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
            most = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
            raise forms.ValidationError(
                _("The file is larger than %(most)d MB. Send it with the quetsach push command."),
                code="too_large",
                params={"most": most},
            )
        return file
