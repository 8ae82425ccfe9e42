"""Results are stored once, open and move the right cases, and are refused with the reason."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from quetsach.endpoint.catalogue import PRODUCTS
from quetsach.endpoint.verdict import Verdict as Theirs
from quetsach.machines.counting.computers import Computers
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.campaigns.tasks import facts_of
from quetsach.portal.cases.actions import claim_clean
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.cases.rules import State
from quetsach.portal.checks import models, queries
from quetsach.portal.checks.actions import Sender, receive_all, tie_machine
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.arriving.reading import NO_SOFTWARE, ResultError, Verdict, read
from quetsach.portal.checks.licences.phaseout import Tally
from quetsach.portal.checks.models import CheckResult, CrackedCopy
from quetsach.portal.checks.unit_actions import say_computers, set_replace_by
from quetsach.portal.sightings.actions import Sender as LogSender
from quetsach.portal.sightings.actions import receive_file
from tests.portal.checks.results import ago, content, document, listed, sign
from tests.portal.scan_document import coverage, noon, publish_list, sighting
from tests.portal.scan_document import document as scan_document


def hand_in(cast, unit, *files):
    uploads = [SimpleUploadedFile(name, data) for name, data in files]
    return receive_all(dropped(uploads), cast.nodes[unit], Sender(user=cast.user(unit, "officer")))


def from_logs(cast, set_id, *, host="PC-07", days=5):
    row = sighting("10.1.1.5", noon(days), identity={"host": host})
    body = scan_document([row], [coverage(noon(days + 1), noon(days - 1))], set_id=set_id)
    receive_file(io.BytesIO(body), cast.nodes["A1"], LogSender("upload", user=cast.user("A1", "it")))
    return Case.rows.get()


def test_the_words_are_those_of_the_check():
    assert {one.value for one in Verdict} == {one.value for one in Theirs} == set(queries.VERDICTS)
    assert {name for name, _ in models.PRODUCTS} == set(PRODUCTS) - NO_SOFTWARE


def test_the_same_result_counts_once_however_it_is_wrapped(cast):
    told = document(findings=[sign()])
    plain = json.dumps(told, ensure_ascii=False).encode()
    indented = json.dumps(told, indent=4, sort_keys=True).encode()
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("ket-qua/PC-07.json", plain)
        archive.writestr("ket-qua/PC-07.html", b"<p>report</p>")
    receipt = hand_in(cast, "A1", ("a.json", plain), ("b.json", indented), ("c.zip", memory.getvalue()))
    assert [line.code for line in receipt.lines] == ["taken", "known", "known"]
    assert CheckResult.rows.count() == CrackedCopy.rows.count() == 1
    assert first_broken_entry() is None


def test_one_bad_file_stops_no_other(cast):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.json", b" " * (5 << 20))
        archive.writestr("../../PC-09.json", content("PC-09"))
    future = content("PC-10", ago(days=-30))
    receipt = hand_in(
        cast, "A1", ("x.json", b"\xff\xfe{"), ("n.json", b"[" * 100_000), ("y.zip", b"PK\x03\x04rubbish"),
        ("bomb.zip", bomb.getvalue()), ("late.json", future), ("notes.txt", b"hello"),
        ("new.json", content("PC-11", schema=2)), ("ok.json", content("PC-12")),
    )  # fmt: skip
    assert [(line.name.rpartition("/")[2], line.code) for line in receipt.lines] == [
        ("x.json", "no_result"), ("n.json", "no_result"), ("y.zip", "broken_zip"),
        ("bomb.zip › bomb.json", "too_large"), ("PC-09.json", "taken"), ("late.json", "future"),
        ("new.json", "newer"), ("ok.json", "taken"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("machine", ""), ("machine", 5), ("started", "yesterday"), ("verdict", "perfect"), ("findings", {}),
     ("findings", [{"product": "malware"}]), ("is_running", "yes"), ("probes", [1]), ("answers", None),
     ("set", {"id": "zz"})],
)  # fmt: skip
def test_a_result_that_lies_about_its_form_names_the_field(name, value):
    with pytest.raises(ResultError) as refused:
        read(json.dumps(document() | {name: value}).encode(), ago(hours=0))
    assert refused.value.code == "field"
    assert refused.value.where.startswith(name)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(document())), value=_json)
def test_whatever_a_field_holds_it_is_read_or_refused(name, value):
    try:
        read(json.dumps(document(findings=[sign()]) | {name: value}).encode(), ago(hours=0))
    except ResultError as error:
        assert error.code in {"field", "no_result", "newer", "clock", "future", "old"}


def test_zero_characters_are_left_out_and_a_spelled_one_stays():
    result = read(json.dumps(document("PC\0-07 C:\\x00tool")).encode(), ago(hours=0))
    assert result.machine == "PC-07 C:\\x00tool"


def test_a_finding_on_the_list_opens_a_case_and_a_second_check_confirms_it(cast, give, tmp_path):
    published = publish_list(cast, tmp_path)
    first = give("A1", findings=[listed()], at=ago(days=3), set_id=published.set_id)
    case = Case.rows.get()
    assert (case.family, case.state, case.device.key) == ("ramnit", State.ASSIGNED, "PC-07")
    assert case.last_seen == first.finished
    second = give("A1", findings=[listed()], at=ago(days=1), set_id=published.set_id)
    case.refresh_from_db()
    assert case.last_seen == second.finished
    assert [event.act for event in case.events.all()] == ["check", "check", "open"]


def test_names_that_the_campaign_never_published_and_cracks_open_no_case(cast, give, tmp_path):
    publish_list(cast, tmp_path)
    give("A1", findings=[listed("own.example", "own"), sign()], set_id="ab" * 32)
    assert not Case.rows.exists()
    assert CrackedCopy.rows.get().product == "windows_office"


def test_a_sealed_clean_check_rechecks_after_a_day_and_verifies_after_the_quiet_time(cast, give, tmp_path):
    published = publish_list(cast, tmp_path)
    case = from_logs(cast, published.set_id, days=30)
    claim_clean(case, cast.user("A1", "officer"), done="scan", done_at=ago(days=20))
    states = []
    for at, sealed in ((ago(days=20, hours=-2), True), (ago(days=18), False), (ago(days=17), True),
                       (ago(days=2), True)):  # fmt: skip
        give("A1", at=at, sealed=sealed, set_id=published.set_id)
        case.refresh_from_db()
        states.append(case.state)
    # Two hours after the claim: too early. Unsealed: proves nothing. Then the two states.
    assert states == [State.CLAIMED_CLEAN, State.CLAIMED_CLEAN, State.RECHECKED, State.VERIFIED_CLEAN]
    assert Device.rows.count() == 1, "the name in the logs' identity is the machine that was checked"


@pytest.mark.parametrize("how", [{"unseen": ["sockets"]}, {"set_id": "cd" * 32}, {"is_running": False}])
def test_a_check_that_could_not_see_everything_proves_nothing(cast, give, tmp_path, how):
    published = publish_list(cast, tmp_path)
    case = from_logs(cast, published.set_id, days=30)
    claim_clean(case, cast.user("A1", "officer"), done="scan", done_at=ago(days=20))
    give("A1", at=ago(days=1), sealed=True, **({"set_id": published.set_id} | how))
    case.refresh_from_db()
    assert case.state == State.CLAIMED_CLEAN


def test_a_sign_after_the_claim_is_a_relapse_and_one_from_before_is_history(cast, give, tmp_path):
    published = publish_list(cast, tmp_path)
    case = from_logs(cast, published.set_id, days=30)
    claim_clean(case, cast.user("A1", "officer"), done="scan", done_at=ago(days=20))
    give("A1", findings=[listed()], at=ago(days=25), set_id=published.set_id)
    case.refresh_from_db()
    assert case.state == State.CLAIMED_CLEAN
    give("A1", findings=[listed()], at=ago(days=1), set_id=published.set_id)
    case.refresh_from_db()
    assert (case.state, case.relapses, case.claimed_at) == (State.ASSIGNED, 1, None)


def test_a_result_of_another_unit_is_refused(cast, give):
    give("A1", at=ago(days=1))
    receipt = hand_in(cast, "A2", ("PC-07.json", content("PC-07", CheckResult.rows.get().finished)))
    assert [line.code for line in receipt.lines] == ["elsewhere"]
    assert CheckResult.rows.count() == 1


def test_machines_of_one_name_in_two_units_are_two(cast, give):
    give("A1", at=ago(days=1))
    give("A2", at=ago(days=2))
    assert Device.rows.count() == 2


def test_software_is_replaced_only_when_a_check_that_saw_everything_no_longer_finds_it(cast, give):
    give("A1", at=ago(days=9), findings=[sign(), sign("IDM-01", "idm")])
    give("A1", at=ago(days=5), unseen=["tasks"], verdict="unknown")
    assert CrackedCopy.rows.filter(gone_at=None).count() == 2
    give("A1", at=ago(days=1), findings=[sign("IDM-01", "idm")])
    assert list(CrackedCopy.rows.filter(gone_at=None).values_list("product", flat=True)) == ["idm"]
    # Products that only lack papers are not counted; an early result that arrives late changes nothing today.
    give("A1", at=ago(days=20), findings=[sign("KMS-05", "windows_office", "D3")])
    assert CrackedCopy.rows.count() == 2
    assert CrackedCopy.rows.get(product="windows_office").gone_at is not None
    assert CheckResult.rows.get(is_latest=True).finished.date() == ago(days=1).date()


def test_machines_and_people_are_counted_apart_and_by_branch(cast, give):
    give("A1", "PC-01", people="3")
    give("A1", "PC-02", people="")
    give("A2", "PC-01", people="1", findings=[sign()])
    own, first, second = queries.branches(cast.nodes["A"])
    assert [row.node.pk for row in (own, first, second)] == [
        cast.nodes[unit].pk for unit in ("A", "A1", "A2")
    ]
    assert (own.checked, first.checked, first.people, second.checked, second.signs) == (0, 2, 3, 1, 1)
    assert queries.total([own, first, second], cast.nodes["A"]).people == 4
    top = {row.node.name: row.checked for row in queries.branches(cast.nodes["centre"])}
    assert top == {"Đơn vị centre": 0, "Đơn vị A": 3, "Đơn vị B": 0}


def test_what_a_unit_owes_counts_its_own_machines_only(cast, give):
    node, officer = cast.nodes["A"], cast.user("A", "officer")
    assert queries.owed(facts_of(node)) == queries.Owed(Computers(1, 1, 1), False, Tally(0, 0), None)
    say_computers(node, 4, officer)
    set_replace_by(node, date(2030, 1, 2), officer)
    for machine in ("PC-01", "PC-02"):
        give("A", machine, at=ago(days=2), findings=[sign(), sign("IDM-01", "idm")])
    give("A", "PC-01", at=ago(days=1), findings=[sign()])
    give("A1", "PC-03", findings=[sign()])
    found = queries.owed(facts_of(node))
    assert (found.computers.unchecked, found.is_begun) == ((2, 2), True)
    assert (found.copies, found.replace_by) == (Tally(4, 1), date(2030, 1, 2))
    copies = queries.copies_below(node)
    assert queries.by_product(copies) == [("windows_office", Tally(3, 0)), ("idm", Tally(2, 1))]
    own, first, _second = queries.branches(node, copies)
    assert (own.copies, own.unchecked, own.replace_by) == (Tally(4, 1), 2, date(2030, 1, 2))
    assert (first.copies, first.unchecked, first.checked) == (Tally(1, 0), None, 1)


def test_tying_a_machine_carries_its_checks_into_the_file_of_the_logs(cast, give, tmp_path):
    published = publish_list(cast, tmp_path)
    case = from_logs(cast, published.set_id, host="", days=30)
    claim_clean(case, cast.user("A1", "officer"), done="scan", done_at=ago(days=20))
    result = give("A1", "KE-TOAN", at=ago(days=1), sealed=True, set_id=published.set_id)
    assert Device.rows.count() == 2
    tie_machine(result, case.device, cast.user("A1", "officer"))
    case.refresh_from_db()
    assert (case.state, Device.rows.count()) == (State.VERIFIED_CLEAN, 1)
    again = give("A1", "ke-toan", at=ago(hours=1))
    assert again.device_id == case.device_id
    assert CheckResult.rows.get(is_latest=True) == again


def test_a_result_after_the_campaign_closed_is_refused(cast):
    cast.campaign.status = "closed"
    cast.campaign.save()
    assert [line.code for line in hand_in(cast, "A1", ("a.json", content())).lines] == ["closed"]


def test_an_old_result_and_one_of_the_future_say_how_old_they_are(cast):
    """In both languages; a result from before the campaign is taken, with a note."""
    CheckResult.rows.all().delete()
    files = [
        SimpleUploadedFile(name, content("PC-01", at)) for name, at in (
            ("1970.json", datetime(1970, 1, 1, 0, 5, tzinfo=UTC)), ("mai.json", ago(days=-40)),
            ("truoc.json", ago(days=90)), ("nay.json", ago(hours=1)),
        )
    ]  # fmt: skip
    client, page = cast.client("A1", "officer"), reverse("checks", args=[cast.campaign.slug])
    says = {
        "vi": [
            "01/01/1970, cách đây",
            "chưa có chương trình này",
            "là ngày chưa tới",
            "cách đây 90 ngày, trước khi chiến dịch",
        ],
        "en": [
            "on 01/01/1970, ",
            "no such check yet",
            "a day that has not come",
            "90 days ago, before the campaign began",
        ],
    }
    for language, wanted in says.items():
        client.cookies["django_language"] = language
        for file in files:
            file.seek(0)
        text = client.post(page, {"results": files}, follow=True).content.decode()
        assert all(one in text for one in wanted), (language, [one for one in wanted if one not in text])
        assert text.count("nay.json") == 0
    assert CheckResult.rows.count() == 2


def test_a_receipt_spells_long_ages_and_speaks_of_others_only_where_there_are(cast):
    client, page = cast.client("A1", "officer"), reverse("checks", args=[cast.campaign.slug])
    old = ("cu.json", content("PC-01", ago(days=1500)))
    for language, wanted in {
        "vi": ("cách đây 1.500 ngày", "Các tệp khác vẫn đã nhận"),
        "en": ("1,500 days ago", "The others were."),
    }.items():
        client.cookies["django_language"] = language
        for sent, told in (((old, ("hong.json", b"{")), True), ((("hong.json", b"{"),), False)):
            files = [SimpleUploadedFile(name, data) for name, data in sent]
            text = client.post(page, {"results": files}, follow=True).content.decode()
            assert [one in text for one in wanted] == [told, told], (language, sent)
            assert "hong.json" in text


def test_a_check_is_a_moment_not_a_span(cast):
    finished = ago(hours=1)
    told = document(at=finished) | {"started": (finished + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert [line.code for line in hand_in(cast, "A1", ("a.json", json.dumps(told).encode())).lines] == [
        "clock"
    ]
