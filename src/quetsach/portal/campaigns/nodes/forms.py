"""The form about one unit of a running campaign, for its coordinator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode


class NodeForm(forms.Form):
    """The change of one unit of a running campaign."""

    state = forms.ChoiceField(label=_("This unit"), choices=CampaignNode.State.choices)
    successor = forms.ModelChoiceField(
        label=_("Merged into"), queryset=CampaignNode.rows.none(), required=False, empty_label="–"
    )
    expected = forms.ChoiceField(
        label=_("Report"),
        choices=[("1", _("a report of its own is expected")), ("", _("no report is expected"))],
        required=False,
    )
    reason = forms.CharField(
        label=_("Why, by which decision?"),
        max_length=500,
        error_messages={"required": _("Write why; it stays in the record of actions.")},
    )

    def __init__(self, *args: Any, node: CampaignNode, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["successor"]
        siblings = CampaignNode.rows.active().filter(campaign=node.campaign_id, parent=node.parent_id)
        field.queryset = siblings.exclude(pk=node.pk).order_by("position", "name")

    def clean_expected(self) -> bool:
        return bool(self.cleaned_data["expected"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("state") == CampaignNode.State.MERGED and not cleaned.get("successor"):
            self.add_error("successor", _("Choose the unit that takes over and reports for both."))
        return cleaned
