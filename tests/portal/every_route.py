"""The portal's addresses, from the URL table itself, and a row for every kind of key in them."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from quetsach.portal.campaigns import proofs
from quetsach.portal.campaigns.joining.actions import issue_codes
from quetsach.portal.campaigns.on_behalf.actions import Told, enter_for
from quetsach.portal.cases.deeds import DEEDS
from quetsach.portal.cases.false_alarms import actions as alarms
from quetsach.portal.cases.false_alarms.views import DEEDS as DEEDS_OF_ALARMS
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.cases.victims import actions as victims
from quetsach.portal.checks.actions import Sender as Results
from quetsach.portal.checks.actions import receive
from quetsach.portal.checks.arriving.opening import Opened
from quetsach.portal.checks.detections.actions import bring
from quetsach.portal.checks.packs.actions import build_pack
from quetsach.portal.checks.unit_actions import propose
from quetsach.portal.incidents import actions as incident_actions
from quetsach.portal.incidents.clocks import Kind as IncidentPaper
from quetsach.portal.incidents.views import DEEDS as DEEDS_OF_INCIDENTS
from quetsach.portal.indicators.actions import Upload, prepare
from quetsach.portal.kit.signedpdf import SignedPdf
from quetsach.portal.letters import actions as letter_actions
from quetsach.portal.letters.prefill import first_draft
from quetsach.portal.machines.models import RegisterRow
from quetsach.portal.machines.register.views import ACTS as ACTS_ON_MACHINES
from quetsach.portal.machines.uploads import actions as evidence_files
from quetsach.portal.people.actions import count_by_marks, enter_headcount
from quetsach.portal.people.body_actions import apply_draft, keep_draft
from quetsach.portal.people.models import Body, SignSheet
from quetsach.portal.people.queries import ROWS
from quetsach.portal.privacy.actions import ask
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.review.views import ACTS as ACTS_OF_REPORTS
from quetsach.portal.reports.signing.actions import sign
from quetsach.portal.sensors import actions as sensor_actions
from quetsach.portal.sensors.views import ACTS as ACTS_ON_SENSORS
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan
from quetsach.portal.staff.actions import invite
from quetsach.portal.staff.models import Invitation
from quetsach.portal.tools.actions import vouch
from quetsach.portal.units import import_actions
from quetsach.portal.units.actions import set_sector
from quetsach.portal.units.models import Membership, ReorgLink
from quetsach.portal.units.range_actions import ask_for
from quetsach.portal.units.reorg_actions import merge
from quetsach.portal.units.views_change import ACTS as ACTS_OF_UNITS
from quetsach.units.table import Table
from quetsach.victims import reading
from tests import pictures
from tests.portal.checks.results import content
from tests.portal.scan_document import bypass, coverage, document, noon, publish_list, sighting

# The addresses open to everybody; every other address is an inner one.
PUBLIC = {
    "account_login", "account_logout", "account_change_password", "account_signup", "account_inactive",
    "home", "campaign_page", "campaign_letter", "self_check", "indicator_list", "indicator_sums",
    "indicator_file", "indicator_search", "set_language", "privacy", "healthz", "my_work", "api_sightings",
    "api_indicators", "api_check_results", "api_asked", "api_victims", "api_machines",
    "api_sensors", "api_heartbeat",
    "letter_pdf", "join_start", "join", "mark", "hand_in", "tools", "tools_sheet", "tools_sums",
    "stick_file", "scanner_file", "tool_file", "equipment", "equipment_page", "handbook", "handbook_page",
    "ask_erasure", "staff_link", "my_account",
    # One's own account: a visitor is redirected to the sign-in.
    "account_reauthenticate", "account_set_password", "usersessions_list", "mfa_index",
    "mfa_authenticate", "mfa_reauthenticate",
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
}  # fmt: skip

# Two cards without a name on three days: one machine at least, two at most.
KEA = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
)
KEA += "".join(
    f"10.1.1.{70 + card},00:25:90:00:00:{70 + card},,3600,{1662350400 - day * 86_400},1,0,0,,0,\n"
    for day in (2, 1, 0)
    for card in (1, 2)
)
ANNEX = {"r1": "0", "r2": "5", "r3": "0", "r4": "4", "narrative": "Đã rà soát xong tất cả các máy."}


def routes(resolver=None, space=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", tuple(entry.pattern.converters)


def one_of_everything(cast, tmp_path):
    """One row of A1's for every kind of key in an address, so that a 404 depends on the person alone."""
    listed = publish_list(cast, tmp_path)
    text = tmp_path / "next.txt"
    text.write_text("evil.example\ngoogle.com\n", encoding="utf-8")
    draft = prepare(
        cast.campaign, [Upload("next.txt", text, text.stat().st_size)], cast.user("centre", "coordinator")
    )
    rows = [sighting(None, noon(2)), sighting("10.1.1.5", noon(2))]
    way = bypass("10.1.1.5", noon(2))
    log = coverage(noon(3), noon(1), not_understood=1)
    body = document(rows, [log], set_id=listed.set_id, bypasses=[way])
    sender = Sender(Scan.Door.UPLOAD, user=cast.user("A1", "officer"))
    scan = receive_file(BytesIO(body), cast.nodes["A1"], sender).scan
    case = Case.rows.get()
    officer, fields = cast.user("A1", "officer"), first_draft(cast.nodes["A1"])
    letter = letter_actions.save(officer, cast.nodes["A1"], uuid4(), fields, 0)
    revision = submit(officer, cast.nodes["A1"], ANNEX, 0, uuid4())
    paper = SignedPdf("bao-cao.pdf", b"%PDF-1.7 x", [])
    signed = sign(officer, cast.nodes["A1"], revision.number, "", paper).copies.get()
    # The report is being written again, because the other tests need the form on its page.
    Report.rows.update(current=None, state=Report.State.DRAFT)
    pack = build_pack(cast.nodes["A1"], officer, "https://portal.example/")
    result, _ = receive(Opened(content()), cast.nodes["A1"], Results(user=officer))
    issuer = cast.user("centre", "coordinator")
    chosen = {"product": "office", "name": "LibreOffice", "terms": "free", "link": "", "note": ""}
    named = {"family": "ramnit", "name": "tool", "vendor": "maker", "version": "1", "sha256": "0" * 64,
             "link": "https://example.org/", "note": ""}  # fmt: skip
    proof = proofs.keep(SimpleUploadedFile("giay.pdf", pictures.paper()), "keyed")
    told = Told(timezone.localdate(), "paper", "Giấy biên nhận", proof)
    keyed = enter_for(cast.nodes["A1"], "acknowledge", told, cast.user("A", "officer"))
    enter_headcount(cast.nodes["A1"], {"informed": 3}, officer, sheet=proof)
    marks = count_by_marks(cast.nodes["A1"], "informed", officer)
    sheet = SignSheet.rows.get()
    apply_draft(keep_draft(cast.nodes["A1"], "Hợp tác xã Ví Dụ", "", officer), officer)
    listed_body, pasted = Body.rows.get(), keep_draft(cast.nodes["A1"], "Công ty Mẫu", "", officer)
    event = merge(None, [cast.units["A2"]], into=cast.units["A1"], on=date(2022, 9, 5))
    kept = import_actions.keep(cast.user("A1", "coordinator"), cast.units["A1"], "t.csv", Table((), {}, ()))
    # A guided unit, so that A1's own people have the page of the line of work.
    set_sector(None, cast.units["B1"], cast.units["A1"], on=date(2022, 9, 5))
    seat = Membership.ever.get(user=cast.user("A1", "officer"))
    invited = invite(cast.units["A1"], "officer", None, cast.user("A", "coordinator"))
    ((_node, code),) = issue_codes([cast.nodes["A1"]], cast.user("A", "coordinator"))
    hashes = tmp_path / "hashes.txt"
    hashes.write_text("0" * 64, encoding="utf-8")
    (detection,) = bring(cast.campaign, [Upload("hashes.txt", hashes, 64)], "x", issuer)
    asked = ask_for(cast.user("A1", "officer"), cast.units["A1"], "10.9.9.0/24")
    # A risk, and an infection of the machine that the logs show: no further machine, no further case.
    reported = b'{"category": "vulnerable", "ip": "10.1.1.6", "time": "2022-09-05T08:00:00Z"}\n'
    bot = {"category": "bots", "name": case.family, "ip": "10.1.1.5", "time": noon(2).isoformat()}
    reported += json.dumps(bot).encode()
    read = reading.opened("n6.json", BytesIO(reported))
    kept_file = victims.keep_draft(cast.nodes["A1"], officer, "n6.json", reported, read, reading.Told())
    taken = victims.accept(kept_file, officer).file
    leases = [("kea-leases4.csv", KEA.encode())]
    (evidence, _told) = evidence_files.accept(
        evidence_files.keep_draft(cast.units["A1"], officer, leases, evidence_files.Told("dhcp")), officer
    )
    told_of = incident_actions.open_incident(officer, cast.nodes["A1"], uuid4(), [case])
    frozen = incident_actions.freeze(officer, told_of, uuid4(), IncidentPaper.NOTICE, told_of.version)
    alarm = alarms.propose(case, officer, FalseAlarm.Scope.CASE, "Máy của phòng thử nghiệm.")
    sensor, _code = sensor_actions.add(cast.user("A1", "coordinator"), cast.units["A1"], "máy chủ phân giải")
    return {
        "alarm_id": alarm.pk, "false_alarm_act:deed": "dong-y",
        "sensor_id": sensor.pk, "sensor_act:act": "ma",
        "incident_id": told_of.pk, "notice_id": frozen.pk, "paper": "report", "incident_act:deed": "muc-do",
        "range_id": asked.pk,
        "evidence_file:file_id": evidence.pk, "evidence_act:file_id": evidence.pk, "evidence_act:act": "rut",
        "row_id": RegisterRow.rows.first().pk, "register_act:act": "ghi",
        "victims_file:file_id": taken.pk, "victims_back:file_id": taken.pk,
        "pack_id": pack.pk, "detection_id": detection.pk,
        "result_id": result.pk, "tool_id": vouch(cast.campaign, issuer, None, **named).pk,
        "replacement_id": propose(cast.campaign, issuer, **chosen).pk,
        "slug": cast.campaign.slug, "node_id": cast.nodes["A1"].pk, "set_id": draft.pk, "scan_id": scan.pk,
        "case_id": case.pk, "act": "receive", "row": "r1", "name": "indicators.csv", "deed": "accept",
        "version": "annex-2022",
        "letter_id": letter.pk, "number": 1, "keyed_id": keyed.pk,
        "unit_id": cast.units["A1"].pk, "event_id": event.pk, "import_id": kept.pk,
        "link_id": ReorgLink.rows.get().pk, "annex_id": uuid4(), "file_id": uuid4(),
        "copy_id": signed.pk,
        "source": "mikrotik", "topic": "chien-dich",
        "kind": "informed", "sheet_id": sheet.pk, "body_id": listed_body.pk, "draft_id": pasted.pk,
        "person_id": cast.user("A1", "officer").pk, "seat_id": seat.pk, "token": "x",
        "invitation_id": Invitation.rows.get().pk,
        "code": code, "mark:token": marks.token, "staff_link:token": invited,
        "indicator_file:name": "v1.txt", "indicator_doubts:group": "many",
        "indicator_withdraw:set_id": listed.pk,
        "request_id": ask(cast.units["A1"], "An", "0912 345 678", "see", "x", None, ip=None).pk,
    }  # fmt: skip


def of_route(things, name, key):
    """The row for the key; for a file's form, a form that this address knows."""
    if key == "form":
        return "xlsx" if name in ("unit_table", "register_file") else "pdf"
    return things[f"{name}:{key}"] if f"{name}:{key}" in things else things[key]


def all_ways(things, name, keys):
    """The keys of an address, once for each word that a view of several acts or kinds accepts."""
    known = {key: of_route(things, name, key) for key in keys}
    words = {
        "unit_change": ("act", ACTS_OF_UNITS),
        "case_act": ("act", DEEDS),
        "false_alarm_act": ("deed", DEEDS_OF_ALARMS),
        "register_act": ("act", ACTS_ON_MACHINES),
        "evidence_act": ("act", ("rut", "tra-lai")),
        "sensor_act": ("act", ACTS_ON_SENSORS),
        "incident_act": ("deed", DEEDS_OF_INCIDENTS),
        "report_act": ("deed", ACTS_OF_REPORTS),
        "known": ("row", ROWS),
        "mark_sheet": ("kind", ("informed", "done")),
    }
    key, all_words = words.get(name, ("", ("",)))
    for word in all_words:
        yield known | ({key: word} if key else {})
