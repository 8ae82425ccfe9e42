"""What each action code says to a reader, as one table; the apps that record them are not imported.

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
    "indicators.prepare": _("Uploaded a list: %(count)s addresses, %(rejected)s rejected"),
    "indicators.publish": _("Published version %(version)s of the list: %(count)s addresses"),
    "indicators.discard": _("Discarded a list that was not published"),
    "scan.accept": _("Sent results of %(source_name)s in full: %(new)s new, %(updated)s updated"),
    "scan.chunk": _("Sent a part of the results of %(source_name)s: %(new)s new, %(updated)s updated"),
    "check.receive": _("Received the check of the machine %(device)s"),
    "check.tie": _("Said that the checked machine %(device)s is %(to)s"),
    "check.issue_code": _("Issued the one-time code …%(hint)s for results"),
    "check.use_code": _("Results were handed in with the code …%(hint)s"),
    "check.revoke_code": _("Ended the one-time code …%(hint)s"),
    "stick.publish": _("Published version %(version)s of the checking stick"),
    "tool.vouch": _("Put the tool %(name)s against %(family)s on the list"),
    "tool.withdraw": _("Took the tool %(name)s against %(family)s off the list"),
    "pack.build": _("Made version %(version)s of the unit's pack, with version %(list)s of the list"),
    "pack.report_lost": _("Reported the unit's packs so far as lost: their results are refused"),
    "pack.rotate_keys": _("Changed the keys of the campaign's packs"),
    "unit.say_licences": _("Said what licences the unit holds"),
    "unit.count_computers": _("Said that the unit has %(n)s computers"),
    "unit.plan_replacement": _("Set the date for replacing cracked software: %(day)s"),
    "campaign.propose_replacement": _("Put %(name)s on the list of replacements"),
    "campaign.withdraw_replacement": _("Took %(name)s off the list of replacements"),
    "device.assign": _("Moved the machine %(device)s from %(from)s to %(to)s"),
    "case.open": _("Opened a file for the machine %(device)s"),
    "case.assign": _("Machine %(device)s: passed to the unit"),
    "case.start": _("Machine %(device)s: cleaning began"),
    "case.claim": _("Machine %(device)s: said to be clean"),
    "case.confirm": _("Machine %(device)s: confirmed clean by a person. %(reason)s"),
    "case.dismiss": _("Machine %(device)s: marked as a false alarm. %(reason)s"),
    "case.reopen": _("Machine %(device)s: opened again. %(reason)s"),
    "case.recheck": _("Machine %(device)s: looked at again, no sign seen"),
    "case.verify": _("Machine %(device)s: proven clean by later results"),
    "case.relapse": _("Machine %(device)s: a sign again after the cleaning"),
    "case.evidence": _("Machine %(device)s: more evidence came in"),
    "letter.save": _("Saved a letter: %(subject)s"),
    "letter.issue": _("Issued the letter %(number)s"),
    "letter.sign": _("Attached the signed file of the letter %(number)s"),
    "letter.withdraw": _("Took back that the letter %(number)s is issued"),
    "letter.discard": _("Discarded a draft letter: %(subject)s"),
    "report.save": _("Saved the report as a draft"),
    "report.export": _("Took out the file %(file)s"),
    "report.submit": _("Submitted the report, revision %(revision)s: %(r1)s / %(r2)s / %(r3)s / %(r4)s"),
    "report.withdraw": _("Withdrew the report, revision %(revision)s"),
    "report.accept": _("Accepted the report, revision %(revision)s"),
    "report.return": _("Returned the report, revision %(revision)s: %(reason)s"),
}


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def sentence(entry: Entry) -> str:
    """The entry in words; its bare code where nobody has written a sentence."""
    template = SENTENCES.get(entry.action)
    return str(template) % _Fields(entry.data) if template is not None else entry.action
