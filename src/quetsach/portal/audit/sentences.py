"""What each action code says to a reader, as one table; the apps that record them are not imported.

A sentence may use the fields of the entry's `data` as %(name)s; a missing one shows as a dash.
"""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.audit.models import Entry

SENTENCES: dict[str, str | Promise] = {
    "audit.export": _("Took %(count)s entries of the audit trail out: %(file)s"),
    "account.invite": _("Invited somebody as %(role)s of %(unit)s"),
    "account.revoke_invitation": _("Took an invitation to %(unit)s back"),
    "account.accept": _("Accepted the invitation as %(role)s of %(unit)s"),
    "account.change_seat": _("%(person)s in %(unit)s: from %(old)s to %(new)s"),
    "account.end_seat": _("Ended the role of %(person)s in %(unit)s. %(reason)s"),
    "account.lock": _("Locked the account of %(person)s. %(reason)s"),
    "account.unlock": _("Unlocked the account of %(person)s"),
    "account.offer_password": _("Made a link for a new password of %(person)s"),
    "account.set_password": _("Set a new password by a link"),
    "account.reset_second_step": _("Switched the one-time codes of %(person)s off"),
    "account.hand_over": _("Handed the roles of %(giver)s over to %(taker)s from %(on)s. %(reason)s"),
    "privacy.retain": _("Ended personal data whose time is over: %(count)s rows"),
    "privacy.ask": _("Somebody asked about their personal data"),
    "privacy.answer": _("Answered a request about personal data"),
    "backup.make": _("Made a backup: %(file)s"),
    "backup.restore": _("Put the backup %(file)s of %(made_at)s back"),
    "account.sign_in_failed": _("A sign-in failed"),
    "campaign.publish": _("Published the campaign for %(nodes)s units"),
    "campaign.acknowledge": _("Confirmed that the letter has arrived"),
    "campaign.withdraw_acknowledgement": _("Took the confirmation of the letter back"),
    "campaign.pass_on": _("Passed the letter on to %(count)s units"),
    "campaign.set_deadline": _("Gave %(to)s the deadline %(due)s"),
    "campaign.return_letter": _("Returned the letter: %(reason)s"),
    "campaign.draft": _("Began the campaign “%(title)s”"),
    "campaign.edit": _("Edited the campaign"),
    "campaign.choose_units": _("Chose which units take part"),
    "campaign.extend": _("Extended the deadline from %(from)s to %(to)s"),
    "campaign.close": _("Closed the campaign"),
    "campaign.reopen": _("Opened the campaign again"),
    "campaign.archive": _("Put the campaign into the archive"),
    "campaign.restore": _("Took the campaign out of the archive"),
    "campaign.retract": _("Made the published campaign a draft again"),
    "campaign.discard": _("Deleted the draft “%(title)s”"),
    "campaign.issue_codes": _("Made codes to join for %(count)s units"),
    "campaign.revoke_code": _("Revoked a code to join"),
    "campaign.key_for": _("Entered for %(unit)s. %(reason)s"),
    "campaign.add_rule": _("Set a rule for reminders"),
    "campaign.remove_rule": _("Removed a rule for reminders"),
    "campaign.set_days_off": _("Set %(count)s days off and days worked"),
    "campaign.remind": _("Sent %(count)s reminders by hand"),
    "campaign.change_node": _("Changed the part of %(unit)s in the campaign. %(reason)s"),
    "account.join": _("Joined with a code as officer of %(unit)s"),
    "campaign.withdraw_dispatch": _("Took passing on to %(to)s back"),
    "campaign.deploy": _("Recorded that the campaign was carried out"),
    "campaign.withdraw_deployment": _("Took “carried out” back"),
    "campaign.count_people": _("Counted people: %(informed)s informed, %(done)s done"),
    "unit.create": _("Added the unit %(name)s"),
    "unit.rename": _("Changed the unit %(old)s to %(new)s"),
    "unit.move": _("Moved the unit %(name)s below %(to)s"),
    "unit.merge": _("Merged %(names)s into %(into)s"),
    "unit.split": _("Divided the unit %(name)s into %(into)s"),
    "unit.abolish": _("Dissolved the unit %(name)s"),
    "unit.abolish_level": _("Abolished a level: %(kind)s, %(count)s units"),
    "unit.choose_heir": _("Unfinished duties of %(name)s go to %(heir)s"),
    "unit.undo": _("Took a change of the tree back: %(kind)s, %(name)s"),
    "unit.contact": _("Changed contact or numbers of %(name)s"),
    "unit.sector": _("Set who guides %(name)s in the line of work: %(parent)s"),
    "unit.import": _("Brought in %(file)s: %(new)s new, %(changed)s changed, %(moved)s moved units"),
    "unit.load": _("Loaded the national tree of %(year)s: %(count)s units"),
    "token.issue": _("Issued the connection code %(prefix)s… for %(name)s"),
    "token.revoke": _("Revoked the connection code %(prefix)s… of %(name)s"),
    "indicators.prepare": _("Uploaded a list: %(count)s addresses, %(rejected)s rejected"),
    "indicators.publish": _("Published version %(version)s of the list: %(count)s addresses"),
    "indicators.discard": _("Discarded a list that was not published"),
    "scan.accept": _("Sent results of %(source_name)s in full: %(new)s new, %(updated)s updated"),
    "scan.chunk": _("Sent a part of the results of %(source_name)s: %(new)s new, %(updated)s updated"),
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
