"""The form for one tool of a campaign's list of removal tools."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.cascade.deadline import DAYS
from quetsach.portal.campaigns.forms import BAD_DAY
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.fields import CalendarDay
from quetsach.portal.tools.models import RemovalTool
from quetsach.portal.tools.queries import is_copied


class ToolForm(forms.ModelForm):  # type: ignore[type-arg]
    """`file` is optional: the tool itself, to be offered here too."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_(
            "Offered here too, for people who cannot reach the maker. Without a new file the present copy"
            " stays, as long as the checksum is the same."
        ),
    )

    class Meta:
        model = RemovalTool
        fields = ("family", "name", "vendor", "version", "sha256", "link", "looked_on", "note")
        field_classes: ClassVar = {"looked_on": CalendarDay}
        widgets: ClassVar = {
            "looked_on": forms.DateInput(format="%d/%m/%Y", attrs={"placeholder": "26/09/2022"})
        }

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._campaign = campaign
        looked_on: Any = self.fields["looked_on"]
        looked_on.input_formats = DAYS
        looked_on.error_messages |= BAD_DAY

    def clean_sha256(self) -> Any:
        return self.cleaned_data["sha256"].lower()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > settings.MAX_UPLOAD_BYTES:
            most = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
            raise forms.ValidationError(_("The file is larger than %(most)d MB. Give the address only."),
                                        code="too_large", params={"most": most})  # fmt: skip
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        named = [cleaned.get(name, "") for name in ("family", "name", "sha256")]
        is_there = cleaned.get("file") or cleaned.get("link") or is_copied(self._campaign, *named)
        if not self.errors and cleaned.get("file") and not cleaned.get("sha256"):
            self.add_error("sha256", _("A file needs the checksum that its maker publishes."))
        if not self.errors and not is_there:
            raise forms.ValidationError(_("Give the maker's address, the file, or both."))
        return cleaned

    def validate_unique(self) -> None:
        """Allow the same tool again: it changes the existing one."""

    def validate_constraints(self) -> None:
        """Allow the same tool again: it changes the existing one."""
