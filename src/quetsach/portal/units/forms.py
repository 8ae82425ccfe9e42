"""Forms about units, with days in officers' formats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.fields import CalendarDay, CountField
from quetsach.portal.units.models import PHONE, Identifier, Unit
from quetsach.text.vietnamese import nfc

DAYS = ["%d/%m/%Y", "%Y-%m-%d"]
PARTS = 4
NUMBERS = (Identifier.Scheme.ORGAN, Identifier.Scheme.TAX, Identifier.Scheme.SCHOOL)
"""Numbers entered by hand; the codes of the statistics office come with `code`."""


def _phone() -> forms.CharField:
    return forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        validators=[PHONE],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )


class NameField(forms.CharField):
    """A text in composed letters (NFC) and single spaces, without control characters."""

    def to_python(self, value: Any) -> str:
        text = nfc(super().to_python(value) or "")
        if not text.isprintable():
            raise ValidationError(_("Leave out characters that cannot be printed."))
        return text


class ChangeForm(forms.Form):
    """The day from which a change holds, and its legal basis."""

    on = CalendarDay(
        label=_("Takes effect on"),
        input_formats=DAYS,
        error_messages={"invalid": _("Write the day as 01/07/2025.")},
        widget=forms.DateInput(
            format="%d/%m/%Y", attrs={"placeholder": "01/07/2025", "inputmode": "numeric"}
        ),
    )
    legal_basis = NameField(
        label=_("Legal basis"),
        max_length=300,
        required=False,
        help_text=_(
            "The decision or resolution, such as: Nghị quyết 202/2025/QH15. It shows in the history."
        ),
    )

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"on": timezone.localdate(), **(initial or {})})

    @property
    def day(self) -> date:
        value: date = self.cleaned_data["on"]
        return value


class NamesForm(ChangeForm):
    """The names of a unit."""

    name = NameField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)
    short_name = NameField(label=_("Short name"), max_length=60, required=False)
    doc_abbr = NameField(
        label=_("Abbreviation in document symbols"),
        max_length=30,
        required=False,
        help_text=_("Such as UBND in 05/UBND-VP."),
    )
    field_order: Sequence[str] = ["name", "kind", "short_name", "doc_abbr", "on", "legal_basis"]

    def names(self) -> dict[str, str]:
        return {f: self.cleaned_data[f] for f in ("name", "kind", "short_name", "doc_abbr")}


class ContactForm(forms.Form):
    """The contact, and the numbers under which others know the unit."""

    contact_name = NameField(label=_("Whom to call"), max_length=100, required=False)
    contact_phone = _phone()
    contact_email = forms.EmailField(label=_("E-mail"), max_length=200, required=False)
    staff_count = CountField(label=_("How many people work there"), required=False)
    organ_id = NameField(
        label=_("Electronic identifier of the body"),
        max_length=40,
        required=False,
        help_text=_("Under Decision 20/2020/QĐ-TTg, such as H12.34 or 000.00.34.H12."),
    )
    mst = NameField(label=_("Tax code"), max_length=40, required=False)
    moet = NameField(label=_("School code"), max_length=40, required=False)


class AddForm(NamesForm):
    """A new unit below another."""

    contact_name = NameField(label=_("Whom to call"), max_length=100, required=False)
    contact_phone = _phone()
    field_order: Sequence[str] = [
        "name", "kind", "short_name", "doc_abbr", "contact_name", "contact_phone", "on", "legal_basis",
    ]  # fmt: skip

    def extra(self) -> dict[str, str]:
        return {f: self.cleaned_data[f] for f in ("contact_name", "contact_phone")}


class MoveForm(ChangeForm):
    """`parent` is one of the candidates on the page."""

    parent = forms.UUIDField(
        label=_("New superior unit"), error_messages={"required": _("Choose the new superior unit.")}
    )


class SectorForm(ChangeForm):
    """`parent` guides the unit in its line of work; empty: no unit does."""

    parent = forms.UUIDField(label=_("Who guides it"), required=False)

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial)
        del self.fields["legal_basis"]


class MergeForm(ChangeForm):
    """Units to merge; `into` is one of them or, if empty, a new unit of that name."""

    into = forms.UUIDField(label=_("Result"), required=False)
    name = NameField(label=_("Name of the new unit"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("into") and not data.get("name") and "name" not in self.errors:
            self.add_error("name", _("Name the new unit, or choose the one that takes the others in."))
        return data


class SplitForm(ChangeForm):
    """Up to four parts by name."""

    keep = forms.BooleanField(label=_("The old unit goes on beside them"), required=False)
    heir = forms.IntegerField(required=False, min_value=0, max_value=PARTS - 1)

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial)
        for n in range(PARTS):
            self.fields[f"part_{n}"] = NameField(
                label=_("Name of part %(n)s") % {"n": n + 1}, max_length=200, required=False
            )


class RetireForm(ChangeForm):
    """`heir` takes over unfinished duties; the units below move there too."""

    heir = forms.UUIDField(label=_("Who takes over its duties"), required=False)


class LevelForm(ChangeForm):
    """A kind; all units of it below end."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)


class TableForm(forms.Form):
    """A table of units."""

    table = forms.FileField(
        label=_("Excel or CSV file"), error_messages={"required": _("Choose a file.")}, max_length=200
    )


class RangeForm(forms.Form):
    """A range that a unit asks for."""

    cidr = NameField(
        label=_("Range of addresses"),
        max_length=60,
        help_text=_("Such as 10.1.2.0/24, or one address."),
        error_messages={"required": _("Write the range, such as 10.1.2.0/24.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "10.1.2.0/24"}
        ),
    )
    begin = CalendarDay(
        label=_("The unit's own since"),
        required=False,
        input_formats=DAYS,
        error_messages={"invalid": _("Write the day as 01/07/2025.")},
        widget=forms.DateInput(
            format="%d/%m/%Y", attrs={"placeholder": "01/07/2025", "inputmode": "numeric"}
        ),
        help_text=_("Empty if it always was. Signs of earlier days stay with the unit that had it then."),
    )
    note = NameField(label=_("Where it is used"), max_length=200, required=False)


class RefuseForm(forms.Form):
    """Why a range is not the unit's own."""

    reason = NameField(label=_("Reason"), max_length=500, error_messages={"required": _("Say why.")})


class EndForm(RefuseForm):
    """The first day on which the unit no longer has the range, and why."""

    on = CalendarDay(
        label=_("No longer the unit's own from"),
        input_formats=DAYS,
        error_messages={"invalid": _("Write the day as 01/07/2025.")},
        widget=forms.DateInput(
            format="%d/%m/%Y", attrs={"placeholder": "01/07/2025", "inputmode": "numeric"}
        ),
    )
    field_order: Sequence[str] = ["on", "reason"]
