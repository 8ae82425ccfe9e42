"""A stick hands its result in by itself: with consent, a one-time code, and again after a lost answer."""

import hashlib
import json
import sys
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from quetsach import cli
from quetsach.endpoint import sealing
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases.models import Case
from quetsach.portal.checks import actions
from quetsach.portal.checks.arriving import with_code
from quetsach.portal.checks.detections import actions as detection_actions
from quetsach.portal.checks.models import CheckResult, Pack, UploadCode
from quetsach.portal.checks.packs.actions import build_pack, content_of
from quetsach.portal.checks.unit_actions import WORKING, StillWorking, issue_code, revoke_code, take_code
from quetsach.portal.indicators.actions import Upload
from tests.endpoint import world
from tests.portal.checks.results import ago, document
from tests.portal.scan_document import publish_list

HASHED = b"MZ a file that the list names by its hash"
RULE = 'rule mau_thu { strings: $a = "QUETSACH-HARMLESS-TEST" condition: $a }\n'
DOOR = "/api/v1/check-results"


@pytest.fixture
def sealed(cast, pack, tmp_path):
    """Sealed results of a unit's pack."""
    publish_list(cast, tmp_path)

    def make(machine="PC-07", unit="A1"):
        at = ago(minutes=5)
        return sealing.seal(document(machine, at=at), pack(unit), f"{machine:0>32}"[-32:], now=at)

    return make


@pytest.fixture
def code(cast):
    return issue_code(cast.nodes["A1"], cast.user("A1", "officer"))


def post(text, *contents, language="en", name="PC.qsresult"):
    files = [SimpleUploadedFile(name, data) for data in contents]
    headers = {"Authorization": f"Bearer {text}", "Accept-Language": language}
    # A stick has no cookie and no form token; the check against forged forms must not stop it.
    return Client(enforce_csrf_checks=True).post(DOOR, {"results": files}, headers=headers)


def test_results_come_in_once_and_say_nothing_of_what_was_found(cast, sealed, code):
    answer = post(code[1], sealed(), sealed("PC-08"))
    assert answer.status_code == 200
    assert answer.json() == {
        "unit": "Đơn vị A1", "taken": 2, "known": 0, "refused": [], "is_code_free": False,
    }  # fmt: skip
    assert CheckResult.rows.filter(code=code[0], is_sealed=True).count() == 2
    assert Entry.objects.filter(action="check.use_code").count() == 1


def test_a_request_whose_answer_was_lost_is_answered_as_received(cast, sealed, code):
    body = sealed()
    post(code[1], body)
    again = post(code[1].lower().replace("-", " "), body)
    assert (again.status_code, again.json()["taken"], again.json()["known"]) == (200, 0, 1)
    assert CheckResult.rows.count() == 1
    # A used code opens for nothing new, and not for ever.
    assert post(code[1], body, sealed("PC-09")).status_code == 401
    UploadCode.rows.update(used_at=timezone.now() - timedelta(days=2))
    assert post(code[1], body).status_code == 401
    assert CheckResult.rows.count() == 1


def test_what_is_here_already_is_known_and_leaves_the_code_for_what_is_not(cast, sealed, code):
    body = sealed()
    post(issue_code(cast.nodes["A1"], cast.user("A1", "officer"))[1], body)
    for _again in range(2):
        answer = post(code[1], body)
        assert answer.status_code == 200
        assert (answer.json()["taken"], answer.json()["known"], answer.json()["is_code_free"]) == (0, 1, True)
    assert post(code[1], body, sealed("PC-08")).json()["is_code_free"] is False
    assert post(code[1], sealed("PC-09")).status_code == 401
    # The holder of one unit's code learns nothing about another's results, and cannot repeat them as its own.
    other = issue_code(cast.nodes["A2"], cast.user("A2", "officer"))[1]
    assert [one["code"] for one in post(other, body).json()["refused"]] == ["unit"]
    assert CheckResult.rows.count() == 2


def test_a_request_that_is_still_worked_on_is_asked_to_wait(sealed, code):
    body = sealed()
    post(code[1], body)
    UploadCode.rows.update(working_at=timezone.now())
    for taken in (1, 0):
        # A used code too: the files that come with it are opened each time.
        UploadCode.rows.update(taken=taken)
        answer = post(code[1], body)
        assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    UploadCode.rows.update(taken=1, working_at=None)
    for _again in range(2):
        assert post(code[1], body).json()["known"] == 1
    assert post(code[1], sealed("PC-09")).status_code == 401
    assert UploadCode.rows.get().working_at is None, "nobody holds it after an answer"


def test_a_worker_that_ends_in_the_middle_costs_no_code(cast, sealed, code, monkeypatch):
    bodies, whole = [sealed(f"PC-{n}") for n in range(4)], actions.receive

    def receive(*given):
        if CheckResult.rows.count() == 2:
            raise SystemExit
        return whole(*given)

    monkeypatch.setattr(actions, "receive", receive)
    with pytest.raises(SystemExit):
        post(code[1], *bodies)
    monkeypatch.undo()
    assert CheckResult.rows.count() == 2 and post(code[1], *bodies).status_code == 503
    with time_machine.travel(timezone.now() + WORKING, tick=True):
        page = cast.client("A1", "officer").get(reverse("checks", args=["lam-sach"])).context
        assert [row.pk for row in page["codes"]] == [code[0].pk], "it can also be taken back"
        assert post(code[1], *bodies[:2]).json()["is_code_free"]
        answer = post(code[1], *bodies).json()
        assert (answer["taken"], answer["known"], answer["is_code_free"]) == (2, 2, False)
        assert UploadCode.rows.get().taken == 4
        assert post(code[1], sealed("PC-9")).status_code == 401
        assert post(code[1], *bodies).json()["known"] == 4


def test_a_code_whose_worker_ended_can_be_revoked(cast, sealed, code):
    UploadCode.rows.update(used_at=timezone.now(), working_at=timezone.now())
    revoke_code(code[0], cast.user("A1", "officer"))
    with time_machine.travel(timezone.now() + WORKING, tick=True):
        assert post(code[1], sealed()).status_code == 401


def test_a_long_hand_in_keeps_its_code_for_itself(sealed, code, monkeypatch):
    bodies, whole, asked = [sealed(f"PC-{n}") for n in range(5)], actions.receive, []
    with time_machine.travel(timezone.now(), tick=True) as clock:

        def receive(*given):
            # Each file takes a minute, and another request comes in between.
            clock.shift(60)
            with pytest.raises(StillWorking):
                take_code(code[1])
            asked.append(given)
            return whole(*given)

        monkeypatch.setattr(actions, "receive", receive)
        assert post(code[1], *bodies).json()["taken"] == 5
        assert len(asked) == 5
        assert UploadCode.rows.values_list("taken", "working_at").get() == (5, None)


def test_what_is_refused_is_told_and_leaves_the_code(sealed, code):
    answer = post(code[1], b"{}", sealed("PC-01", unit="A2")).json()
    assert (answer["taken"], answer["is_code_free"]) == (0, True)
    assert [one["code"] for one in answer["refused"]] == ["no_result", "unit"]
    assert "Đơn vị A2" in answer["refused"][1]["reason"]
    assert (
        "gói của đơn vị khác"
        in post(code[1], sealed("PC-01", unit="A2"), language="vi").json()["refused"][0]["reason"]
    )
    assert post(code[1], sealed()).json()["taken"] == 1


def test_only_a_live_code_opens_the_door(cast, sealed, code):
    body = sealed()
    assert post("2345-6789-ABCD", body).status_code == 401
    assert post("", body).json()["code"] == "code"
    assert post(code[1]).status_code == 422
    revoke_code(code[0], cast.user("A1", "officer"))
    assert post(code[1], body).status_code == 401
    assert Client().get(DOOR).status_code == 405
    assert not CheckResult.rows.exists()


def test_guessing_ends_at_both_doors_together(sealed, code, monkeypatch):
    cache.clear()
    monkeypatch.setattr(with_code.WRONG, "most", 3)
    body = sealed()
    for _try in range(3):
        assert post("2345-6789-ABCD", body).status_code == 401
    assert post("2345-6789-ABCD", body).status_code == 429
    form = {"code": "2345-6789-ABCD", "results": SimpleUploadedFile("PC.qsresult", body)}
    assert Client().post(reverse("hand_in"), form).status_code == 429
    monkeypatch.setattr(with_code.WRONG, "everywhere", 3)
    assert post(code[1], body).status_code == 429
    form = {"code": code[1], "results": SimpleUploadedFile("PC.qsresult", body)}
    assert Client().post(reverse("hand_in"), form).status_code == 429
    cache.clear()


def test_sixty_wrong_codes_lock_no_office_out(sealed, code):
    cache.clear()
    body = sealed()
    for _try in range(70):
        with_code.WRONG.note(RequestFactory().get("/"))
    assert post("2345-6789-ABCD", body).status_code == 429
    assert post(code[1], body).status_code == 200
    cache.clear()


class Typed(StringIO):
    """A person at a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def wizard(live_server, cast, tmp_path, monkeypatch, capsys):
    """`quetsach check` of a planted disk, with typed answers; the pack's portal is a real server."""
    publish_list(cast, tmp_path)
    brought = {"mau.txt": hashlib.sha256(HASHED).hexdigest() + " Ramnit\n", "mau.yar": RULE}
    uploads = []
    for name, text in brought.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        uploads.append(Upload(name, tmp_path / name, len(text)))
    detection_actions.bring(cast.campaign, uploads, "Công văn 12", cast.user("centre", "coordinator"))
    row = build_pack(cast.nodes["A1"], cast.user("A1", "officer"), f"{live_server.url}/")
    path = tmp_path / "a1.qspack"
    path.write_bytes(content_of(row))
    Pack.rows.update(created_at=ago(days=1))
    disk = world.tree(world.CLEAN, tmp_path / "disk")

    def run(typed, *more, folder=None, planted=None):
        for where, content in (planted or {}).items():
            place = disk / where
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        monkeypatch.setattr(sys, "stdin", Typed(typed))
        monkeypatch.setenv("QUETSACH_LANG", "vi")
        trust = ["--pack", str(path), "--trust", row.signed_with.public]
        if folder is not None:
            code = cli.run(["check", "send", str(folder), *trust])
        else:
            seal = ["--seal", str(tmp_path / "pc.qsresult")]
            code = cli.run(["check", "--root", str(disk), *trust, *seal, *more])
        return code, capsys.readouterr().out

    return run


@pytest.mark.django_db(transaction=True)
def test_the_wizard_asks_sends_and_says_what_became_of_it(wizard, cast, code, tmp_path):
    _code, told = wizard(f"2\nc\n2345-6789-ABCD\n{code[1]}\n")
    result = CheckResult.rows.get()
    assert (result.device.owner, result.people, result.is_sealed) == (cast.nodes["A1"], 2, True)
    before = told.index("Không gửi đi:")
    assert before < told.index("ngay bây giờ?") < told.index("Đơn vị A1: 1 mới")
    assert code[1] not in told
    assert (tmp_path / "pc.qsresult").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("typed", ["Máy văn thư 2", ""])
def test_the_disk_of_a_machine_that_tells_no_name_is_taken_in(wizard, cast, code, tmp_path, typed):
    (tmp_path / "disk/C:/Windows/System32/config/SYSTEM").unlink()
    _code, told = wizard(f"{typed}\n2\nc\n{code[1]}\n")
    assert "Máy tên gì?" in told and "Đơn vị A1: 1 mới" in told
    device = CheckResult.rows.get().device
    assert device.key == typed or (not typed and device.key.startswith("o-dia-"))
    # A second check of the same disk is the same machine.
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        wizard(f"{typed}\n2\nc\n{issue_code(cast.nodes['A1'], cast.user('A1', 'officer'))[1]}\n")
    assert CheckResult.rows.count() == 2
    assert CheckResult.rows.values_list("device").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("content", "family"), [(HASHED, "Ramnit"), (b"MZ QUETSACH-HARMLESS-TEST", "")], ids=["hash", "rule"]
)
def test_what_the_coordinator_brought_is_found_and_opens_a_case(wizard, cast, code, content, family):
    wizard(f"2\nc\n{code[1]}\n", planted={"C:/Users/an/Downloads/hoa don.exe": content})
    result = CheckResult.rows.get()
    shown = hashlib.sha256(content).hexdigest() if family else "MAL-01"
    assert result.verdict == "found"
    assert [one["indicator"] or one["sign"] for one in result.findings] == [shown]
    assert Case.rows.get().family == family and Case.rows.get().device.owner == cast.nodes["A1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("typed", "more"), [("2\n\n", ()), ("2\nn\n", ()), ("2\ny\n\n", ()), ("", ("--yes",))]
)
def test_nothing_is_sent_without_a_yes_and_a_code(wizard, code, tmp_path, typed, more):
    wizard(typed, *more)
    assert not CheckResult.rows.exists()
    assert (tmp_path / "pc.qsresult").exists()


@pytest.mark.django_db(transaction=True)
def test_a_folder_of_results_goes_with_one_code(wizard, code, tmp_path):
    wizard("2\n\n")
    folder = tmp_path / "ket-qua"
    folder.mkdir()
    (tmp_path / "pc.qsresult").rename(folder / "pc.qsresult")
    (folder / "pc.html").write_text("x")
    told = wizard(f"{code[1]}\n", folder=folder)
    assert told[0] == 0 and CheckResult.rows.count() == 1
    assert json.loads((folder / "pc.qsresult").read_bytes())["type"] == "sealed"
