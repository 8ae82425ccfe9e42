"""Texts that JSON can spell but no database stores: refused alone, reported, and the code stays valid."""

import json

import pytest
from django.urls import reverse

from quetsach.endpoint import sealing
from quetsach.portal.checks.arriving.drop import Dropped
from quetsach.portal.checks.arriving.with_code import hand_in
from quetsach.portal.checks.models import CheckResult, UploadCode
from quetsach.portal.checks.unit_actions import issue_code
from tests.portal.checks.results import ago, document, listed
from tests.portal.hostile import as_strict_as_postgres
from tests.portal.scan_document import publish_list

MACHINE = "0f" * 16
HOSTILE = {"half": "PC\ud8007", "nul": "\0", "huge": 10**30}


def leaves(value, way=()):
    """Each place in a document, as the keys that lead to it."""
    yield way
    for key, one in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from leaves(one, (*way, key))


def changed(value, way, to):
    if not way:
        return to
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = changed(copy[way[0]], way[1:], to)
    return copy


@pytest.fixture
def code(cast):
    return issue_code(cast.nodes["A1"], cast.user("A1", "officer"))


@pytest.mark.parametrize("spoilt", ["machine", "pack", "campaign", "unit"])
@pytest.mark.parametrize("value", ["half", "nul"])
def test_a_sealed_result_with_such_a_text_is_refused_alone(
    cast, pack, tmp_path, monkeypatch, code, spoilt, value
):
    publish_list(cast, tmp_path)
    told = pack("A1")
    whole = sealing.seal(document(at=ago(minutes=1)), told, MACHINE)
    monkeypatch.setattr(sealing, "_json", lambda table: json.dumps(table).encode())  # as \ud800, as JSON may
    machine = HOSTILE[value] if spoilt == "machine" else "1e" * 16
    bad = sealing.seal(document("PC-08", at=ago(minutes=1)), told, machine)
    if spoilt != "machine":
        bad = json.dumps(json.loads(bad) | {spoilt: HOSTILE[value]}).encode()
    row, text = code
    with as_strict_as_postgres():
        alone = hand_in([Dropped("bad.qsresult", bad)], text, None)
        assert alone.is_code_free and [line.code for line in alone.receipt.lines] == ["no_result"]
        both = hand_in([Dropped("bad.qsresult", bad), Dropped("good.qsresult", whole)], text, None)
    assert [line.code for line in both.receipt.lines] == ["no_result", "taken"]
    assert UploadCode.rows.get(pk=row.pk).taken == CheckResult.rows.count() == 1


def test_no_value_in_any_place_of_a_result_is_a_fault(cast, tmp_path):
    publish_list(cast, tmp_path)
    table = document(findings=[listed()], unseen=["tasks"], at=ago(hours=1))
    files = [
        Dropped(f"{'-'.join(map(str, way))} {kind}.json", json.dumps(changed(table, way, value)).encode())
        for way in leaves(table) if way
        for kind, value in HOSTILE.items()
    ]  # fmt: skip
    files += [
        Dropped("deep.json", b"[" * 200_000), Dropped("nan.json", b'{"type": "check", "schema": NaN}'),
        Dropped("digits.json", b'{"type": "check", "schema": ' + b"9" * 5_000 + b"}"),
        Dropped("old.json", json.dumps(table | {"started": "0001-01-01T00:00:00Z"}).encode()),
        Dropped("far.json", json.dumps(table | {"finished": "9999-12-31T23:59:59Z"}).encode()),
    ]  # fmt: skip
    _row, text = issue_code(cast.nodes["A1"], cast.user("A1", "officer"))
    with as_strict_as_postgres():
        told = hand_in(files, text, None)
    assert len(told.receipt.lines) == len(files) > 100
    assert told.receipt.taken and told.receipt.refused
    page = cast.client("A1", "officer").get(reverse("checks", args=[cast.campaign.slug]))
    assert page.status_code == 200
    for result in CheckResult.rows.all()[:5]:
        shown = cast.client("A1", "officer").get(
            reverse("check_result", args=[cast.campaign.slug, result.pk])
        )
        assert shown.status_code == 200
