"""What each action code says to a reader, as one table. Higher apps add theirs in AppConfig.ready.

A sentence may use the fields of the entry's `data` as %(name)s; a missing one shows as a dash.
"""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.audit.models import Entry

SENTENCES: dict[str, str | Promise] = {
    "account.sign_in_failed": _("A sign-in failed"),
    "campaign.publish": _("Published the campaign for %(nodes)s units"),
    "campaign.acknowledge": _("Confirmed that the letter has arrived"),
    "campaign.withdraw_acknowledgement": _("Took the confirmation of the letter back"),
    "campaign.pass_on": _("Passed the letter on to %(count)s units"),
    "campaign.withdraw_dispatch": _("Took passing on to %(to)s back"),
    "campaign.deploy": _("Recorded that the campaign was carried out"),
    "campaign.withdraw_deployment": _("Took “carried out” back"),
    "campaign.count_people": _("Counted people: %(informed)s informed, %(done)s done"),
    "unit.create": _("Added the unit %(name)s"),
    "token.issue": _("Issued the connection code %(prefix)s… for %(name)s"),
    "token.revoke": _("Revoked the connection code %(prefix)s… of %(name)s"),
}


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def sentence(entry: Entry) -> str:
    """The entry in words; its bare code where nobody has written a sentence."""
    template = SENTENCES.get(entry.action)
    return str(template) % _Fields(entry.data) if template is not None else entry.action
