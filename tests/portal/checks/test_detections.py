"""Hashes and rules: brought by the campaign's issuer, judged, in the next pack, taken out, put back."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quetsach.endpoint import pack as packs
from quetsach.endpoint import sealing
from quetsach.portal.audit.models import Entry
from quetsach.portal.cases.models import Case
from quetsach.portal.checks import actions
from quetsach.portal.checks.actions import Sender, receive_all
from quetsach.portal.checks.arriving.drop import Dropped
from quetsach.portal.checks.detections import contents as detections
from quetsach.portal.checks.models import DetectionFile, Pack
from quetsach.portal.indicators.actions import EmptyListError
from quetsach.portal.indicators.models import IndicatorSet
from tests.portal.checks.results import ago, document, listed
from tests.portal.scan_document import publish_list

BAD = hashlib.sha256(b"malware").hexdigest()
OTHER = hashlib.md5(b"malware").hexdigest()
EMPTY = hashlib.sha256(b"").hexdigest()
RULE = 'rule ramnit_test { strings: $a = "QUETSACH-HARMLESS-TEST" condition: $a }\n'


@pytest.fixture
def bring(cast):
    """Post files as the issuer's coordinator does."""

    def post(*files, source="Công văn 12", unit="centre"):
        url = reverse("detections", args=[cast.campaign.slug])
        sent = [SimpleUploadedFile(name, data) for name, data in files]
        client = cast.client(unit, "coordinator")
        client.cookies["django_language"] = "en"
        return client.post(url, {"brought": sent, "source": source})

    return post


def shown(answer):
    return answer.content.decode()


def test_a_unit_s_next_pack_carries_what_was_brought(cast, bring, pack, tmp_path):
    publish_list(cast, tmp_path)
    assert pack("A1").rules == ()
    assert (
        bring(("mã băm.csv", f"hash,family\n{BAD},Ramnit\n".encode()), ("r.yar", RULE.encode())).status_code
        == 302
    )
    told = pack("A1")
    assert (told.version, told.hashes, told.rules) == (2, {BAD: "Ramnit"}, (RULE,))
    row = Pack.rows.get(version=2)
    assert (row.hash_count, row.rule_count) == (1, 1)
    # The same files again, and the same pack again: nothing new.
    bring(("copy.txt", f"{BAD} Ramnit\n".encode()))
    assert DetectionFile.rows.count() == 2 and pack("A1").version == 2
    assert Entry.objects.filter(action="detection.bring").count() == 2


def test_hashes_of_a_published_list_travel_too(cast, pack, tmp_path):
    publish_list(
        cast,
        tmp_path,
        f"indicator,type,family\nevil.example,domain,ramnit\n{BAD},sha256,ramnit\n{EMPTY},sha256,x\n",
    )
    listed = IndicatorSet.rows.get()
    assert (listed.count, listed.hash_count, listed.rejected, listed.stopped) == (1, 1, 0, 1)
    told = pack("A1")
    assert told.hashes == {BAD: "ramnit"} and len(told.indicators) == 1


def test_a_list_of_hashes_alone_is_sent_to_the_right_page(cast, tmp_path):
    with pytest.raises(EmptyListError, match=r"Hashes and rules|Mã băm và luật"):
        publish_list(cast, tmp_path, f"{BAD}\n")


def test_what_is_taken_out_leaves_the_next_pack_and_comes_back(cast, bring, pack, tmp_path):
    publish_list(cast, tmp_path)
    bring(("a.txt", f"{BAD}\n{OTHER}\n".encode()))
    assert len(pack("A1").hashes) == 2
    row = DetectionFile.rows.get()
    url, client = (
        reverse("detection", args=[cast.campaign.slug, row.pk]),
        cast.client("centre", "coordinator"),
    )
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "nhầm"}).status_code == 302
    assert pack("A1").hashes == {} and DetectionFile.rows.get().reason == "nhầm"
    assert BAD in shown(client.get(url))
    client.post(url, {"act": "put_back"})
    assert len(pack("A1").hashes) == 2
    verbs = list(
        Entry.objects.filter(action__startswith="detection.").order_by("pk").values_list("action", flat=True)
    )
    assert verbs == ["detection.bring", "detection.take_out", "detection.put_back"]
    # After it was taken out and brought again, the old row has nothing to put back.
    client.post(url, {"reason": "x"})
    bring(("b.txt", f"{OTHER}\n{BAD}\n".encode()))
    client.post(url, {"act": "put_back"})
    assert DetectionFile.rows.filter(removed_at=None).count() == 1


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("r.yar", b"rule a {\n condition: tru }", "line 2: unknown identifier"),
        ("r.yar", b'include "x.yar"\nrule a { condition: false }', "line 1: “include”"),
        ("r.yar", b'\nimport "vt"\nrule a { condition: false }', "line 2: no check has the module “vt”"),
        ("r.yar", b'rule mz { strings: $a = "MZ" condition: $a at 0 }', "“mz” also hits the innocent file"),
        ("r.yar", b"// nothing\n", "no rule"),
        ("r.yar", b"rule a {\n\xff }", "line 2: it is not UTF-8"),
        ("r.yara", b"/" * (detections.MOST_RULE_BYTES + 1), "at most 1 MB"),
        ("h.txt", EMPTY.encode(), "no hash of a file"),
        ("h.txt", b"evil.example\n", "Addresses belong in the list"),
        ("h.txt.gz", b"\x1f\x8bbroken", "cannot be read as a list"),
    ],
)  # fmt: skip
def test_a_mistake_keeps_all_out_and_is_told_with_its_place(cast, bring, name, data, said):
    answer = bring(("good.txt", BAD.encode()), (name, data))
    assert answer.status_code == 422
    assert said in shown(answer) and name in shown(answer)
    assert not DetectionFile.rows.exists()


def test_more_than_a_stick_can_hold_is_refused(cast, bring, monkeypatch):
    from quetsach.portal.checks.detections import actions as detection_actions

    monkeypatch.setattr(detection_actions, "MOST_HASHES", 1)
    assert "200,000" in shown(bring(("h.txt", f"{BAD}\n{OTHER}\n".encode())))
    assert not DetectionFile.rows.exists()


def test_hostile_names_and_texts_stay_text(cast, bring):
    evil = b'rule x { meta: d = "<script>alert(1)</script>" condition: filename == "zzz" }'
    bring(("<img src=x>.yar", evil), source="<b>x</b>")
    row = DetectionFile.rows.get()
    client = cast.client("centre", "coordinator")
    for url in (reverse("detections", args=[cast.campaign.slug]),
                reverse("detection", args=[cast.campaign.slug, row.pk])):  # fmt: skip
        page = shown(client.get(url))
        assert "<img src=x" not in page and "<script>alert" not in page and "<b>x" not in page


def test_only_the_issuer_brings(cast, bring, tmp_path):
    publish_list(cast, tmp_path)
    assert bring(("h.txt", BAD.encode()), unit="A").status_code == 404
    assert (
        cast.client("centre", "officer").get(reverse("detections", args=[cast.campaign.slug])).status_code
        == 404
    )


def test_an_officer_is_told_that_the_stick_is_behind(cast, bring, pack, tmp_path):
    publish_list(cast, tmp_path)
    pack("A1")
    client = cast.client("A1", "officer")
    client.cookies["django_language"] = "en"
    url, behind = reverse("checks", args=[cast.campaign.slug]), "have changed since. Rebuild the pack"
    assert behind not in shown(client.get(url))
    bring(("h.txt", BAD.encode()))
    assert behind in shown(client.get(url))
    pack("A1")
    assert behind not in shown(client.get(url))


def test_the_pack_is_read_as_its_documented_form(cast, bring, pack, tmp_path):
    """Without our reader: the body is JSON, deflated and masked with SHAKE-256 of the seed."""
    import zlib

    from quetsach.portal.checks.packs.actions import content_of

    publish_list(cast, tmp_path)
    bring(("h.txt", f"{BAD} Ramnit\n".encode()), ("r.yar", RULE.encode()))
    pack("A1")
    rest = content_of(Pack.rows.get())[8 + 64 + 32 :]
    seed, body = rest[:16], rest[16:]
    mask = hashlib.shake_256(seed).digest(len(body))
    table = json.loads(zlib.decompress(bytes(a ^ b for a, b in zip(body, mask, strict=True))))
    assert table["hashes"] == {BAD: "Ramnit"} and table["rules"] == [RULE]
    assert table["schema"] == packs.SCHEMA


def test_only_a_brought_hash_opens_a_case_and_an_older_pack_proves_nothing(cast, bring, pack, tmp_path):
    publish_list(cast, tmp_path)
    first = pack("A1")
    bring(("h.txt", f"{BAD} Ramnit\n".encode()))
    second = pack("A1")

    def check(told, days, *names):
        findings = [listed(name, "Ramnit") for name in names]
        at = ago(days=days)
        body = sealing.seal(document("PC-07", at=at, findings=findings), told, "0f" * 16, now=at)
        Pack.rows.update(created_at=ago(days=30))
        line = receive_all(
            [Dropped("x", body)], cast.nodes["A1"], Sender(user=cast.user("A1", "officer"))
        ).lines[0]
        assert line.code == "taken", line
        return line.result

    check(second, 9, OTHER)
    assert not Case.rows.exists()
    check(second, 8, BAD)
    assert Case.rows.get().family == "Ramnit"
    assert not actions._is_proof(check(first, 2))
    assert actions._is_proof(check(second, 1))
