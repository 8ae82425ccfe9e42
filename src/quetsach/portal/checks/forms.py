"""Forms about checks and licences."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.cases.models import Device
from quetsach.portal.checks.models import PRODUCTS, Replacement
from quetsach.portal.kit.fields import CalendarDay, CountField, FilesField, FilesInput, TypedField
from quetsach.portal.kit.one_time_code import LONGEST

MOST_BROUGHT = 64 << 20
_NAME = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)*[A-Za-z0-9_-]{1,63}")


class ResultsForm(forms.Form):
    """Files and a folder of results, either or both."""

    results = FilesField(
        label=_("Results"), required=False,
        widget=FilesInput(attrs={"accept": ".json,.qsresult,.zip"}),
        help_text=_("Files ending in .qsresult or .json, as many as there are, or a ZIP file of them."),
    )  # fmt: skip
    folder = FilesField(
        label=_("Or a whole folder"), required=False,
        widget=FilesInput(attrs={"webkitdirectory": True}),
        help_text=_("The folder “ket-qua” of the stick. Other files in it are passed over."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("results") or cleaned.get("folder")):
            raise forms.ValidationError(_("Choose the files or the folder with the results."))
        return cleaned

    @property
    def all_files(self) -> list[UploadedFile[bytes]]:
        """All chosen files."""
        return [*self.cleaned_data["results"], *self.cleaned_data["folder"]]


class HandInForm(ResultsForm):
    """Files with a code instead of an account."""

    code = forms.CharField(
        label=_("One-time code"), max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "size": 16}),
        help_text=_("Twelve characters, from the person who handles this in your unit."),
        error_messages={"required": _("Write the code that you were given.")},
    )  # fmt: skip
    field_order = ("code", "results", "folder")


class BringForm(forms.Form):
    """Hashes and rules for the campaign's packs."""

    brought = FilesField(
        label=_("Files with hashes or rules"),
        widget=FilesInput(attrs={"accept": ".yar,.yara,.txt,.csv,.tsv,.json,.xlsx,.gz,.zip"}),
        help_text=_(
            "Rules end in .yar or .yara. Everything else is read as a list of hashes (MD5, SHA-1, SHA-256): "
            "one a line, CSV, Excel, MISP or STIX."
        ),
    )  # fmt: skip
    source = TypedField(
        label=_("Where they come from"), max_length=200,
        help_text=_("The letter, the publisher or the person, so that a later reader can judge them."),
        error_messages={"required": _("Write where they come from.")},
    )  # fmt: skip

    def clean_brought(self) -> list[UploadedFile[bytes]]:
        files: list[UploadedFile[bytes]] = self.cleaned_data["brought"]
        if not files:
            raise forms.ValidationError(_("Choose at least one file."))
        if sum(file.size or 0 for file in files) > MOST_BROUGHT:
            raise forms.ValidationError(
                _("The files are larger than %(most)d MB together. Add fewer at once."),
                code="too_large",
                params={"most": MOST_BROUGHT >> 20},
            )
        return files


class TakeOutForm(forms.Form):
    """The reason to take a file out of the packs."""

    reason = TypedField(
        label=_("Reason"), max_length=300,
        help_text=_("It stands in the history of the campaign."),
        error_messages={"required": _("Write why, so that nobody adds it again by mistake.")},
    )  # fmt: skip


class ComputersForm(forms.Form):
    """How many computers the unit has."""

    computers = CountField(
        label=_("Computers of this unit"),
        help_text=_("Only its own, without the units below."),
        error_messages={"required": _("Write a number; 0 if there is none.")},
    )


class PlanForm(forms.Form):
    """The day by which the unit has no cracked software."""

    replace_by = CalendarDay(
        label=_("Replaced by"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(
            attrs={"inputmode": "numeric", "placeholder": "31/12/2026"}, format="%d/%m/%Y"
        ),
        error_messages={"required": _("Choose a date."), "invalid": _("Write the date like 31/12/2026.")},
    )

    def clean_replace_by(self) -> Any:
        day = self.cleaned_data["replace_by"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("That day is over. Choose one from today on."))
        return day


class LicenceFactsForm(forms.Form):
    """The unit's own facts about its licences; they decide the meaning of a check of activation."""

    volume_agreement = forms.TypedChoiceField(
        label=_("Does this unit have a volume licence agreement?"), required=False,
        choices=[("", _("not known")), ("yes", _("yes")), ("no", _("no"))],
        coerce=lambda text: text == "yes", empty_value=None,
    )  # fmt: skip
    kms_hosts = forms.CharField(
        label=_("Its own activation servers (KMS)"), required=False, max_length=500,
        help_text=_("Names, addresses or networks, with spaces between them; empty if there is none."),
    )  # fmt: skip

    own_names = forms.CharField(
        label=_("Its own names and networks"), required=False, max_length=1_000,
        help_text=_(
            "Names and addresses of its own servers, such as tanphu.example.org: in a hosts file they are no"
            " sign."
        ),
    )  # fmt: skip

    def clean_kms_hosts(self) -> list[str]:
        return self._hosts("kms_hosts")

    def clean_own_names(self) -> list[str]:
        return self._hosts("own_names")

    def _hosts(self, name: str) -> list[str]:
        hosts: list[str] = self.cleaned_data[name].replace(",", " ").split()
        for host in hosts:
            if not (_NAME.fullmatch(host) or _is_network(host)):
                raise forms.ValidationError(
                    _("“%(host)s” is no name, address or network."), params={"host": host}
                )
        return hosts[:20]


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


class TieForm(forms.Form):
    """The machine of the logs that was checked."""

    to = forms.ModelChoiceField(label=_("It is this machine"), queryset=Device.rows.none())

    def __init__(self, *args: Any, devices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = devices
        field.empty_label = str(_("Choose a machine"))


class ReplacementForm(forms.ModelForm):  # type: ignore[type-arg]
    """One line of the campaign's list of replacements."""

    class Meta:
        model = Replacement
        fields = ("product", "name", "terms", "link", "note")
        labels = {  # noqa: RUF012
            "product": _("Instead of"), "name": _("Software"), "terms": _("Terms"), "link": _("Web address"),
            "note": _("Note"),
        }  # fmt: skip
        help_texts = {"link": _("The maker's own page, beginning with https://")}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("product", PRODUCTS), ("terms", Replacement.Terms.choices)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("Choose one")), *choices]
