"""The sentence of each action code, in one table; the apps that record the actions are not imported.

A sentence may use the fields of the entry's `data` as %(name)s; a missing one shows as a dash.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quetsach.portal.audit.models import Entry
from quetsach.portal.kit.templatetags.kit import end, num

SENTENCES: dict[str, str | Promise] = {
    "audit.export": _("Exported %(count)s entries of the audit trail: %(file)s"),
    "account.invite": _("Invited somebody as %(role)s of %(unit)s"),
    "account.renew_invitation": _("Made a new link for the invitation to %(unit)s"),
    "account.send_invitation": _("Sent the invitation to %(unit)s by e-mail"),
    "account.revoke_invitation": _("Withdrew an invitation to %(unit)s"),
    "account.accept": _("Accepted the invitation as %(role)s of %(unit)s"),
    "account.change_seat": _("%(person)s in %(unit)s: from %(old)s to %(new)s"),
    "account.end_seat": _("Ended the role of %(person)s in %(unit)s. %(reason)s"),
    "account.give_again": _("Gave %(person)s the role %(role)s in %(unit)s again"),
    "account.lock": _("Locked the account of %(person)s. %(reason)s"),
    "account.unlock": _("Unlocked the account of %(person)s"),
    "account.offer_password": _("Made a link for a new password of %(person)s"),
    "account.set_password": _("Set a new password by a link"),
    "account.reset_second_step": _("Switched off the one-time codes of %(person)s"),
    "account.link": _("Linked the account of %(person)s with %(name)s"),
    "account.unlink": _("Removed the link of %(person)s with %(name)s"),
    "account.sso_stopped": _("A sign-in through %(name)s was stopped: %(code)s"),
    "account.hand_over": _("Handed the roles of %(giver)s over to %(taker)s from %(on)s. %(reason)s"),
    "privacy.retain": _("Deleted or emptied personal data past its time: %(count)s rows"),
    "privacy.ask": _("Somebody asked about their personal data"),
    "privacy.received": _("Noted that a person was told that their request has arrived"),
    "privacy.not_received": _("Took back that a person was told that their request has arrived"),
    "privacy.answer": _("Answered a request about personal data"),
    "backup.make": _("Made a backup: %(file)s"),
    "backup.restore": _("Restored the backup %(file)s of %(made_at)s"),
    "account.sign_in_failed": _("A sign-in failed"),
    "campaign.publish": _("Published the campaign for %(nodes)s units"),
    "campaign.acknowledge": _("Confirmed that the letter has arrived"),
    "campaign.withdraw_acknowledgement": _("Withdrew the confirmation of the letter"),
    "campaign.pass_on": _("Passed the letter on to %(count)s units"),
    "campaign.set_deadline": _("Gave %(to)s a deadline: %(due)s"),
    "campaign.return_letter": _("Returned the letter: %(reason)s"),
    "campaign.draft": _("Started the campaign “%(title)s”"),
    "campaign.edit": _("Edited the campaign"),
    "campaign.choose_units": _("Chose which units take part"),
    "campaign.put_in_front": _("Put the campaign on the front page"),
    "campaign.extend": _("Extended the deadline from %(from)s to %(to)s"),
    "campaign.close": _("Closed the campaign"),
    "campaign.reopen": _("Opened the campaign again"),
    "campaign.archive": _("Archived the campaign"),
    "campaign.restore": _("Restored the campaign from the archive"),
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
    "campaign.withdraw_dispatch": _("Undid passing on to %(to)s"),
    "campaign.deploy": _("Recorded that the campaign was carried out"),
    "campaign.withdraw_deployment": _("Withdrew “carried out”"),
    "campaign.count_people": _("Counted people: %(informed)s informed, %(done)s done"),
    "people.headcount": _("Entered the number of people: %(informed)s informed, %(done)s done"),
    "people.remove_sheet": _("Removed a photo of a signature sheet, sha256 %(sha256)s"),
    "people.put_sheet_back": _("Restored a photo of a signature sheet, sha256 %(sha256)s"),
    "people.count_by_marks": _("Switched to counting people by their own marks (%(kind)s, %(count)s so far)"),
    "people.renew_link": _("Changed the link for marks (%(kind)s)"),
    "people.body_take_in": _("Imported a list of organisations: %(new)s new, %(changed)s changed"),
    "people.body_mark": _("Marked %(count)s enterprises or other organisations"),
    "people.body_correct": _("Corrected %(name)s on the list of organisations"),
    "people.body_remove": _("Removed %(count)s organisations from the list"),
    "people.body_undo": _("Undid the last change of the list of organisations"),
    "unit.create": _("Added the unit %(name)s"),
    "unit.rename": _("Changed the unit %(old)s to %(new)s"),
    "unit.move": _("Moved the unit %(name)s below %(to)s"),
    "unit.merge": _("Merged %(names)s into %(into)s"),
    "unit.split": _("Divided the unit %(name)s into %(into)s"),
    "unit.abolish": _("Dissolved the unit %(name)s"),
    "unit.abolish_level": _("Abolished a level: %(kind)s, %(count)s units"),
    "unit.choose_heir": _("Unfinished duties of %(name)s go to %(heir)s"),
    "unit.undo": _("Undid a change of the tree: %(kind)s, %(name)s"),
    "unit.contact": _("Changed contact or numbers of %(name)s"),
    "unit.sector": _("Set who guides %(name)s in the line of work: %(parent)s"),
    "unit.import": _("Imported %(file)s: %(new)s new, %(changed)s changed, %(moved)s moved units"),
    "unit.load": _("Loaded the national tree of %(year)s: %(count)s units"),
    "token.issue": _("Issued the connection code %(prefix)s… for %(name)s"),
    "token.revoke": _("Revoked the connection code %(prefix)s… of %(name)s"),
    "indicators.prepare": _(
        "Uploaded a list: %(count)s addresses; left out: %(stopped)s doubtful, %(rejected)s not understood"
    ),
    "indicators.publish": _("Published version %(version)s of the list: %(count)s addresses"),
    "indicators.keep": _("Kept %(entry)s in the list although it is doubtful: %(reason)s"),
    "indicators.leave_out": _("Left %(entry)s out of the list: %(reason)s"),
    "indicators.undecide": _("Took back the decision about %(entry)s in the list"),
    "indicators.publish_smaller": _(
        "Published version %(version)s of the list: %(count)s addresses; %(removed)s removed, confirmed by"
        " typing the number"
    ),
    "indicators.prepare_again": _("Took version %(of)s of the list as a draft again"),
    "indicators.publish_again": _("Published version %(of)s of the list again, as version %(version)s"),
    "indicators.publish_withdrawn": _(
        "Published version %(version)s of the list, although its content was withdrawn as version %(of)s:"
        " %(reason)s"
    ),
    "indicators.withdraw": _("Withdrew version %(version)s of the list: %(count)s addresses. %(reason)s"),
    "indicators.discard": _("Discarded a list that was not published"),
    "scan.accept": _("Sent results of %(source_name)s in full: %(new)s new, %(updated)s updated"),
    "scan.chunk": _("Sent a part of the results of %(source_name)s: %(new)s new, %(updated)s updated"),
    "victims.accept": _(
        "Took reports of others from %(file)s: %(reports)s, %(changed)s of them new or changed"
    ),
    "victims.take_back": _(
        "Took the reports of %(file)s back: %(reports)s, %(cases)s open cases rested on them alone."
        " %(reason)s"
    ),
    "victims.place": _("Asked whose the reported addresses are: %(reports)s reports have a unit now"),
    "check.receive": _("Received the check of the machine %(device)s"),
    "check.follow": _(
        "The check of the machine %(device)s is one of the machine %(to)s by what is known now"
    ),
    "check.tie": _("Said that the checked machine %(device)s is %(to)s"),
    "check.issue_code": _("Issued the one-time code …%(hint)s for results"),
    "check.use_code": _("Results were handed in with the code …%(hint)s"),
    "check.revoke_code": _("Ended the one-time code …%(hint)s"),
    "stick.publish": _("Published version %(version)s of the checking stick"),
    "scanner.publish": _("Published version %(version)s of the log scanner, %(system)s"),
    "tool.vouch": _("Put the tool %(name)s on the list"),
    "tool.withdraw": _("Took the tool %(name)s off the list"),
    "tool.put_back": _("Put the tool %(name)s on the list again"),
    "detection.bring": _("Added %(count)s hashes or rules to the packs: %(name)s"),
    "detection.take_out": _("Removed the hashes or rules of %(name)s from the packs. %(reason)s"),
    "detection.put_back": _("Restored the hashes or rules of %(name)s to the packs"),
    "pack.build": _("Made version %(version)s of the unit's pack, with version %(list)s of the list"),
    "pack.report_lost": _("Reported the unit's packs so far as lost: their results are refused"),
    "pack.rotate_keys": _("Changed the keys of the campaign's packs"),
    "unit.say_licences": _("Recorded the licences that the unit holds"),
    "unit.count_computers": _("Recorded that the unit has %(n)s computers"),
    "unit.plan_replacement": _("Set the date for replacing cracked software: %(day)s"),
    "campaign.propose_replacement": _("Put %(name)s on the list of replacements"),
    "campaign.withdraw_replacement": _("Removed %(name)s from the list of replacements"),
    "range.ask": _("Asked for the addresses %(range)s for %(unit)s"),
    "range.approve": _("Said that the addresses %(range)s are those of %(unit)s"),
    "range.refuse": _("Said that the addresses %(range)s are not those of %(unit)s. %(reason)s"),
    "range.take_back": _("No longer asks for the addresses %(range)s for %(unit)s"),
    "range.end": _("Ended the addresses %(range)s of %(unit)s. %(reason)s"),
    "range.undo": _("Took back the last decision on the addresses %(range)s of %(unit)s"),
    "evidence.accept": _("Took in a file about machines, %(file)s, from %(source)s: %(new)s new statements"),
    "evidence.take_back": _("Took back the file about machines %(file)s, from %(source)s. %(reason)s"),
    "evidence.put_back": _("Let the file about machines %(file)s, from %(source)s, count again"),
    "machine.words": _(
        "Wrote on the machine %(machine)s. Name: %(name)s, asset number: %(asset)s, room: %(room)s"
    ),
    "machine.words_back": _("Took back what was written on the machine %(machine)s"),
    "machine.same": _("Said that %(left)s and %(right)s are one machine. %(reason)s"),
    "machine.different": _("Said that %(left)s and %(right)s are two machines. %(reason)s"),
    "machine.replaced": _("Said that the machine %(left)s was replaced by %(right)s. %(reason)s"),
    "machine.retired": _("Said that the machine %(left)s is no longer in use. %(reason)s"),
    "machine.confirmed": _("Confirmed the machine %(left)s. %(reason)s"),
    "machine.forwarder": _("Said that the address %(left)s asks for others. %(reason)s"),
    "machine.single": _("Said that one machine alone has the address %(left)s. %(reason)s"),
    "machine.withdrawn": _("Took back a decision on the machine %(left)s. %(reason)s"),
    "device.not_ours": _("Said that the machine %(device)s is not one of %(from)s. %(reason)s"),
    "case.not_ours": _("Machine %(device)s: not the unit's own. %(reason)s"),
    "device.hand_back": _("Took the machine %(device)s, given to %(from)s, back to %(to)s"),
    "device.assign": _("Moved the machine %(device)s from %(from)s to %(to)s"),
    "case.open": _("Opened a file for the machine %(device)s"),
    "case.seen": _("Machine %(device)s: the unit knows of it"),
    "case.locate": _("Machine %(device)s: found. %(reason)s"),
    "case.mistaken": _("Machine %(device)s: what was found was another one. %(reason)s"),
    "case.try": _("Machine %(device)s: tried to reach it, in vain. %(reason)s"),
    "case.isolate": _("Machine %(device)s: taken off the network. %(reason)s"),
    "case.lift": _("Machine %(device)s: on the network again. %(reason)s"),
    "case.aside": _("Machine %(device)s: put aside. %(reason)s"),
    "case.take_up": _("Machine %(device)s: on the work list again"),
    "case.propose": _("Machine %(device)s: said to be a false alarm. %(reason)s"),
    "case.end": _(
        "Machine %(device)s: the false alarm was taken back, its case was open already. %(reason)s"
    ),
    "case.refuse": _("Machine %(device)s: not agreed that it is a false alarm. %(reason)s"),
    "case.undo": _("Machine %(device)s: a step was taken back; the case is as it was before"),
    "cases.judge_all": _("Judged all claims in the night: %(judged)s"),
    "case.overdue": _("Machine %(device)s: became overdue"),
    "case.seen_again": _("Machine %(device)s: said to be out of use, and seen again"),
    "false_alarm.agree": _("Machine %(device)s: agreed that it is a false alarm. %(reason)s"),
    "false_alarm.refuse": _("Machine %(device)s: did not agree that it is a false alarm. %(reason)s"),
    "false_alarm.end": _("Machine %(device)s: took back that it is a false alarm. %(reason)s"),
    "campaign.case_terms": _("Set the days that units have for a machine"),
    "case.merge": _("Machine %(device)s: its signs are those of %(to)s by later knowledge"),
    "case.part": _("Machine %(device)s: signs parted from %(to)s by later knowledge"),
    "case.assign": _("Machine %(device)s: passed to the unit"),
    "case.start": _("Machine %(device)s: cleaning began"),
    "case.claim": _("Machine %(device)s: reported as handled"),
    "case.confirm": _("Machine %(device)s: confirmed clean by a person. %(reason)s"),
    "case.dismiss": _("Machine %(device)s: marked as a false alarm. %(reason)s"),
    "case.reopen": _("Machine %(device)s: opened again. %(reason)s"),
    "case.recheck": _("Machine %(device)s: looked at again, no sign seen"),
    "case.verify": _("Machine %(device)s: proven clean by later results"),
    "case.relapse": _("Machine %(device)s: a sign again after the handling"),
    "case.withdraw": _(
        "Machine %(device)s: false alarm of version %(version)s of the list, which was withdrawn. %(reason)s"
    ),
    "case.retract": _("Machine %(device)s: false alarm, because %(file)s was taken back. %(reason)s"),
    "case.return": _("Machine %(device)s: opened again as it was, because it is on the list or told again"),
    "case.evidence": _("Machine %(device)s: more evidence came in"),
    "sensor.add": _("Added the sensor %(name)s"),
    "sensor.code": _("Made a new code for the sensor %(name)s"),
    "sensor.enrol": _("The sensor %(name)s got the key %(prefix)s…"),
    "sensor.rename": _("Renamed the sensor %(old)s: %(name)s"),
    "sensor.lock": _("Locked the sensor %(name)s. %(reason)s"),
    "sensor.unlock": _("Took the sensor %(name)s back into use"),
    "incident.open": _("Drafted an incident of %(cases)s cases"),
    "incident.choose": _("Set the cases of an incident: %(cases)s"),
    "incident.detect": _("Set an earlier detection of an incident. %(reason)s"),
    "incident.judge": _("Decided how serious an incident is: %(severity)s. %(reason)s"),
    "incident.data": _("Said whether an incident affects personal data: %(answer)s. %(reason)s"),
    "incident.write": _("Changed what the papers of an incident say"),
    "incident.withdraw": _("Took back an incident that was drafted by mistake. %(reason)s"),
    "incident.put_back": _("Put back an incident that had been taken back"),
    "incident.freeze": _("Froze a paper about an incident: %(kind)s %(version)s; sha256 %(sha256)s"),
    "incident.send": _("Recorded that a paper about an incident was sent: %(kind)s %(version)s, to %(to)s"),
    "incident.unsend": _("Took back the record of a sending: %(kind)s %(version)s"),
    "incident.drop": _("Set a paper about an incident aside: %(kind)s %(version)s"),
    "incident.evidence": _("Downloaded the evidence of %(cases)s cases as an official notice"),
    "letter.save": _("Saved a letter: %(subject)s"),
    "letter.issue": _("Issued the letter %(number)s"),
    "letter.sign": _("Attached the signed file of the letter %(number)s"),
    "letter.withdraw": _("Undid the issuing of the letter %(number)s"),
    "letter.discard": _("Discarded a draft letter: %(subject)s"),
    "intake.receive": _("Received %(files)s files from %(upload)s"),
    "intake.read_again": _("Read the file %(file)s again"),
    "intake.correct": _("Corrected what was read from the file %(file)s: %(changes)s"),
    "intake.note": _("Note on the file %(file)s: “%(note)s” (before: %(note_before)s)"),
    "intake.enter": _("Entered the figures of %(unit)s by hand from the file %(file)s"),
    "intake.take": _(
        "Took the report of %(unit)s from the file %(file)s; the unit was not asked; sha256 %(sha256)s"
    ),
    "intake.take_back": _("Withdrew the file %(file)s: its report no longer counts"),
    "intake.set_aside": _("Set the file %(file)s aside"),
    "intake.doubt": _("Wants to compare the file %(file)s first"),
    "intake.bring_back": _("Restored the file %(file)s"),
    "report.save": _("Saved the report as a draft"),
    "report.export": _("Exported the file %(file)s"),
    "report.submit": _("Submitted the report, revision %(revision)s: %(figures)s"),
    "report.submit_on_behalf": _("Entered the report from %(file)s, revision %(revision)s: %(figures)s"),
    "report.review": _("Gave the report to the head of the unit, revision %(revision)s: %(figures)s"),
    "report.pass_up": _("As head of the unit, sent the report on, revision %(revision)s"),
    "report.supplement": _("Sent a supplementary report, revision %(revision)s: %(units)s units changed"),
    "report.restate": _("Restated the figures of machines of revision %(revision)s, number %(number)s"),
    "report.restate_undo": _(
        "Took back restatement %(number)s of the figures of machines of revision %(revision)s"
    ),
    "report.restate_note": _(
        "Has read restatement %(number)s of the figures of machines of revision %(revision)s"
    ),
    "report.ask_amendment": _("Asked to amend the report, revision %(revision)s: %(reason)s"),
    "report.amend": _("Opened the report for amendment, revision %(revision)s"),
    "report.decline": _("Declined the amendment of revision %(revision)s: %(reason)s"),
    "report.sign": _("Recorded revision %(revision)s as signed: %(reason)s"),
    "report.attach_signed": _("Kept the signed file of revision %(revision)s"),
    "report.replace_signed": _("Replaced the signed file of revision %(revision)s: %(reason)s"),
    "report.unlock": _("Unlocked the report until %(until)s: %(reason)s"),
    "report.lock_again": _("Locked the report again"),
    "report.policy": _("Set the rules for reports: head first %(head_review)s, locked after %(grace_until)s"),
    "report.publish_form": _("Kept the form of the annex %(form)s"),
    "report.choose_form": _("Chose the form of the annex %(form)s"),
    "report.include_wishes": _("Copied %(count)s proposals of the units below into the report"),
    "report.withdraw": _("Withdrew the report, revision %(revision)s"),
    "report.accept": _("Accepted the report, revision %(revision)s"),
    "report.return": _("Returned the report, revision %(revision)s: %(reason)s"),
}


MOMENTS = {"until", "made_at"}
"""Fields that hold a moment, as ISO text."""
ENDS = {"grace_until": "", "due": "%H:%M %d/%m/%Y"}
"""Fields that hold the first moment that is late, with the form of their text; ISO where none is named."""
COUNTS = {
    "count", "stopped", "rejected", "removed", "cases", "reports", "updated", "units", "files", "nodes",
    "moved", "judged", "informed", "done",
}  # fmt: skip
"""Fields whose whole numbers are counts; others may be a year or a version."""
WORDS: dict[str, dict[str, str | Promise]] = {
    "role": {
        "coordinator": _("Coordinator"),
        "officer": _("Unit officer"),
        "it": _("IT staff"),
        "reader": _("Reader"),
        "auditor": _("Auditor"),
    },
    "kind": {
        "informed": _("have received the information"),
        "done": _("have carried it out"),
        "notice": _("the notice within 24 hours"),
        "report": _("the report within 72 hours"),
        "update": _("the update"),
        "final": _("the final report"),
        "personal": _("the notice about personal data"),
    },
    "severity": {"serious": _("serious"), "lesser": _("not serious")},
    "answer": {"yes": _("yes"), "no": _("no")},
}
"""Field of `data`: its codes, each with the word for it."""
ADDED = {
    "intake.take": ("note", _("Note: “%(note)s”")),
    "sensor.enrol": ("by", _("By the code of %(by)s")),
}
"""Action code: a field that may be missing, and the sentence for it that stands at the end."""


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def sentence(entry: Entry) -> str:
    """The entry in words; its bare code if there is no sentence for it."""
    template = SENTENCES.get(entry.action)
    if template is None:
        return entry.action
    fields = _Fields({field: _shown(field, value) for field, value in entry.data.items()})
    field, more = ADDED.get(entry.action, ("", ""))
    return (f"{template}. {more}" if entry.data.get(field) else str(template)) % fields


def _changed(changes: Mapping[str, Any]) -> str:
    """The corrected fields of a file, each as it was read and as it was entered."""
    labels = {"unit": gettext("unit"), "note": gettext("note")}
    parts = []
    for field, value in changes.items():
        label = labels.get(field) or gettext("row %(n)s") % {"n": field[1:]}
        was, now = value if isinstance(value, list) and len(value) == 2 else (None, value)
        was, now = ("–" if one is None else one for one in (was, now))
        if was == now:
            parts.append(gettext("%(label)s: %(now)s, confirmed") % {"label": label, "now": now})
        else:
            parts.append(f"{label}: {was} → {now}")
    return "; ".join(parts)


def _shown(field: str, value: Any) -> Any:
    if field == "changes" and isinstance(value, Mapping):
        return _changed(value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int) and field in COUNTS:
        return num(value)
    if not isinstance(value, str):
        return value
    if field == "note_before":
        return f"“{value}”" if value else "–"
    if value in WORDS.get(field, {}):
        return WORDS[field][value]
    if field in MOMENTS:
        at = parse_datetime(value)
        return f"{localtime(at):%H:%M %d/%m/%Y}" if at and at.tzinfo else value or "–"
    return _end(value, ENDS[field]) if field in ENDS else value


def _end(value: str, form: str) -> str:
    try:
        at = datetime.strptime(value, form) if form else parse_datetime(value)
    except ValueError:
        at = None
    if at is None:
        return value or "–"
    return end(at if at.tzinfo else make_aware(at))
