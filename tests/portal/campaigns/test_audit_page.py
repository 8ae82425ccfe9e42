"""A coordinator reads the trail of the units below, in sentences, and sees a broken chain."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import SENTENCES, sentence
from quetsach.portal.campaigns.cascade import actions


@pytest.fixture
def page(cast):
    def get(reader="A", /, **query):
        url = reverse("audit", args=[cast.campaign.slug])
        return cast.client(reader, "coordinator").get(url, query).content.decode()

    actions.acknowledge(cast.nodes["A1"], cast.user("A1", "officer"), ip="10.1.1.9")
    actions.count_people(cast.nodes["B1"], 31, 30, cast.user("B1", "officer"))
    return get


def test_a_coordinator_sees_their_own_part_only(cast, page):
    mine, theirs = page("A"), page("B")
    assert "officer-a1" in mine and "10.1.1.9" in mine and "officer-b1" not in mine
    assert "31 đã nhận thông tin, 30 đã thực hiện" in theirs and "officer-a1" not in theirs
    assert "officer-a1" in page("centre") and "officer-b1" in page("centre")


def rows(html):
    return html.count('class="entry"')


def test_filters(cast, page):
    assert rows(page("A", action="campaign.acknowledge")) == 1
    assert rows(page("A", person="OFFICER-a1")) == 1
    assert rows(page("A", unit=str(cast.nodes["A2"].pk), action="campaign.acknowledge")) == 0
    today = timezone.localdate()
    both = {"first": f"{today:%d/%m/%Y}", "last": f"{today:%d/%m/%Y}"}
    assert rows(page("A", action="campaign.acknowledge", **both)) == 1
    assert rows(page("A", last=f"{today - timedelta(days=1):%d/%m/%Y}")) == 0
    assert 'aria-invalid="true"' in page("A", first="31/02/2022")
    assert rows(page("A", unit=str(cast.nodes["B1"].pk), action="campaign.count_people")) == 0


def test_a_changed_entry_is_shown_as_a_broken_chain(cast, page):
    assert "st-ok" in page("A")
    Entry.objects.filter(action="campaign.count_people").update(actor_name="ai khác")
    assert 'class="note is-bad"' in page("A")


def test_sentences_do_not_break_on_missing_or_hostile_fields(cast, page):
    for code in SENTENCES:
        assert sentence(Entry(action=code, data={}))
    assert sentence(Entry(action="case.x", data={})) == "case.x"
    text = sentence(Entry(action="unit.create", data={"name": "%(x)s <b> %d"}))
    assert text.endswith("%(x)s <b> %d")
    cast.client("A", "coordinator")
    Entry.objects.filter(action="campaign.acknowledge").update(actor_name="<script>x</script>")
    assert "<script>x" not in page("A")


def test_every_action_of_ours_has_a_sentence():
    import re
    from pathlib import Path

    import quetsach.portal

    root = Path(quetsach.portal.__file__).parent
    for file in root.rglob("*.py"):
        codes = re.findall(r'\brecord\(\s*[\w.]+,\s*"([\w.]+)"', file.read_text(encoding="utf-8"))
        assert set(codes) <= set(SENTENCES), file
