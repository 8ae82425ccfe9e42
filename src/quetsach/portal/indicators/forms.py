"""The forms to upload lists and to bring back a withdrawn one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.kit.fields import FilesField, TypedField


class ListForm(forms.Form):
    """List files: plain, hosts, CSV or TSV, each also as gzip."""

    lists = FilesField(label=gettext_lazy("Files with the addresses"))

    def clean_lists(self) -> list[UploadedFile[Any]]:
        files: list[UploadedFile[Any]] = self.cleaned_data["lists"]
        if sum(file.size or 0 for file in files) > settings.MAX_UPLOAD_BYTES:
            most = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
            raise forms.ValidationError(
                _("The files are larger than %(most)d MB together. Compress them with gzip."),
                code="too_large",
                params={"most": most},
            )
        return files


class BringBackForm(forms.Form):
    """Why a withdrawn list is published again."""

    reason = TypedField(
        label=gettext_lazy("Why it is published again"),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("At least ten characters; it stays in the history."),
    )
