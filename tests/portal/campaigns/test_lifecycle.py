"""The life of a campaign, from a private draft to the archive."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.cascade.deadline import first_late_moment, letter_words, written_day
from quetsach.portal.campaigns.issuing import actions as lifecycle_actions
from quetsach.portal.campaigns.joining.actions import issue_codes
from quetsach.portal.campaigns.models import Campaign, CampaignNode, JoinCode
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Unit

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
FAR = timezone.localdate() + timedelta(days=30)
FILLED = {
    "title": "Chiến dịch mới",
    "summary": "Rà soát mọi máy tính.",
    "contact_name": "Phòng Văn hóa",
    "contact_phone": "0213 300 0000",
    "due_rule": "before",
    "due_day": f"{FAR:%d/%m/%Y}",
    "form": "annex-2022",
    "count_self": "",
    "unique_codes": "1",
    "quiet_days": "14",
    "check_days": "7",
}


@pytest.fixture
def boss(cast):
    return cast.client("centre", "coordinator")


@pytest.fixture
def draft(cast, boss):
    assert boss.post(reverse("campaign_new"), FILLED).status_code == 302
    return Campaign.objects.get(title="Chiến dịch mới")


def manage(campaign):
    return reverse("campaign_manage", args=[campaign.slug])


@pytest.mark.parametrize(
    ("rule", "late_from", "words"),
    [
        # "trước ngày 26/9/2022" means 25/9 23:59:59 is the last moment in time.
        ("before", datetime(2022, 9, 26, 0, 0, tzinfo=HANOI), "trước ngày 26/9/2022"),
        ("by_end_of", datetime(2022, 9, 27, 0, 0, tzinfo=HANOI), "hết ngày 26/9/2022"),
    ],
)
def test_what_the_letter_says_becomes_a_moment_and_back(rule, late_from, words):
    day = date(2022, 9, 26)
    assert first_late_moment(day, rule) == late_from
    assert written_day(late_from, rule) == day
    assert letter_words(day, rule) == words


def test_a_letter_pads_days_and_the_first_two_months_as_decree_30_does():
    assert letter_words(date(2027, 1, 5), "before") == "trước ngày 05/01/2027"
    assert letter_words(date(2022, 9, 5), "by_end_of") == "hết ngày 05/9/2022"


def test_a_draft_is_seen_by_its_coordinators_only(cast, draft):
    assert draft.slug == "chien-dich-moi" and draft.due_text.startswith("trước ngày")
    for unit, role in (("centre", "officer"), ("centre", "reader"), ("A", "coordinator"), ("B1", "it")):
        client = cast.client(unit, role)
        for name in ("campaign_manage", "campaign_edit", "campaign_units"):
            assert client.get(reverse(name, args=[draft.slug])).status_code == 404
        assert client.get(reverse("campaign_page", args=[draft.slug])).status_code == 404
        assert draft.title not in client.get("/viec-cua-toi/", follow=True).content.decode()


def test_a_double_click_makes_one_draft(boss, draft):
    assert boss.post(reverse("campaign_new"), FILLED)["Location"] == manage(draft)
    assert Campaign.objects.filter(status="draft").count() == 1


def test_the_list_is_for_who_may_issue(cast, boss):
    assert boss.get(reverse("campaign_list")).status_code == 200
    assert cast.client("A1", "officer").get(reverse("campaign_list")).status_code == 404
    assert cast.client("A1", "officer").post(reverse("campaign_new"), FILLED).status_code == 404


def test_errors_stay_beside_their_fields_and_nothing_is_saved(boss, cast):
    bad = FILLED | {"title": "", "due_day": "31/02/2027", "contact_phone": "gọi em"}
    page = boss.post(reverse("campaign_new"), bad).content.decode()
    assert page.count('class="err"') == 3 and 'role="alert"' in page
    assert Campaign.objects.count() == 1


def test_publishing_freezes_every_unit_once(cast, boss, draft):
    for _ in range(2):  # a double click
        boss.post(manage(draft), {"act": "publish"})
    draft.refresh_from_db()
    assert draft.status == "published" and draft.nodes.count() == len(cast.units)
    assert {n.unit_id: n.parent and n.parent.unit_id for n in draft.nodes.select_related("parent")} == {
        u.pk: u.parent_id for u in Unit.rows.all()
    }
    assert Entry.objects.filter(action="campaign.publish", object_id=str(draft.pk)).count() == 1


def test_a_past_deadline_blocks_publishing(boss, draft):
    Campaign.objects.filter(pk=draft.pk).update(due_at=timezone.now() - timedelta(hours=1))
    page = boss.get(manage(draft)).content.decode()
    assert 'value="publish" disabled' in page
    boss.post(manage(draft), {"act": "publish"})
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_units_are_left_out_by_kind_and_by_unit_with_all_below(cast, boss, draft):
    create_unit(None, cast.units["A1"], "Trường A1", kind="school")
    url = reverse("campaign_units", args=[draft.slug])
    a, b = (cast.units[name] for name in ("A", "B"))
    boss.post(url, {"trong": str(cast.units["centre"].pk), f"unit-{b.pk}": "out", "kind-school": "informed"})
    a2 = cast.units["A2"]
    boss.post(url, {"trong": str(a.pk), f"unit-{a2.pk}": "out", "kind-school": "informed"})
    boss.post(manage(draft), {"act": "publish"})
    nodes = {node.name: node for node in draft.nodes.all()}
    assert set(nodes) == {"Đơn vị centre", "Đơn vị A", "Đơn vị A1", "Trường A1"}
    assert {name for name, node in nodes.items() if not node.expected} == {"Trường A1"}


def test_a_unit_named_goes_before_its_kind(cast, boss, draft):
    url = reverse("campaign_units", args=[draft.slug])
    a1 = cast.units["A1"]
    boss.post(url, {"trong": str(cast.units["A"].pk), f"unit-{a1.pk}": "reports", "kind-ubnd_commune": "out"})
    boss.post(manage(draft), {"act": "publish"})
    names = set(draft.nodes.values_list("name", flat=True))
    assert names == {"Đơn vị centre", "Đơn vị A", "Đơn vị B", "Đơn vị A1"}


def test_units_of_others_cannot_be_looked_into(cast, draft, boss):
    outside = create_unit(None, None, "Tỉnh khác", kind="ubnd_province")
    url = reverse("campaign_units", args=[draft.slug])
    assert boss.get(f"{url}?trong={outside.pk}").status_code == 404
    assert boss.get(f"{url}?trong=x").status_code == 404


def test_a_clone_takes_the_letter_without_number_and_date(cast, boss):
    old = cast.campaign
    old.letter = {"number": "05", "symbol": "UBND-VP", "date": "2022-09-14", "subject": "V/v làm sạch"}
    old.choice = {"kinds": {"ubnd_commune": "informed"}, "units": {}}
    old.save()
    page = boss.get(f"{reverse('campaign_new')}?tu={old.slug}").content.decode()
    assert old.title in page
    boss.post(reverse("campaign_new"), FILLED | {"tu": old.slug})
    new = Campaign.objects.get(title="Chiến dịch mới")
    assert new.letter == {"symbol": "UBND-VP", "subject": "V/v làm sạch"} and new.choice == old.choice
    other = cast.client("A", "coordinator")
    other.post(reverse("campaign_new"), FILLED | {"title": "Của A", "tu": old.slug})
    assert Campaign.objects.get(title="Của A").letter == {}


def test_extending_moves_those_with_the_campaigns_deadline_only(cast, boss):
    own = timezone.now() + timedelta(days=4)
    CampaignNode.rows.filter(pk=cast.nodes["B"].pk).update(due_at=own)
    boss.post(manage(cast.campaign), {"act": "extend", "due_rule": "by_end_of", "due_day": f"{FAR:%d/%m/%Y}"})
    cast.campaign.refresh_from_db()
    assert cast.campaign.due_at == first_late_moment(FAR, "by_end_of")
    due = {name: CampaignNode.rows.get(pk=node.pk).due_at for name, node in cast.nodes.items()}
    assert due.pop("B") == own and set(due.values()) == {cast.campaign.due_at}
    tomorrow = timezone.localdate() + timedelta(days=1)
    boss.post(
        manage(cast.campaign), {"act": "extend", "due_rule": "before", "due_day": f"{tomorrow:%d/%m/%Y}"}
    )
    cast.campaign.refresh_from_db()
    assert cast.campaign.due_at == first_late_moment(FAR, "by_end_of")


def test_closing_locks_and_opening_unlocks(cast, boss):
    url = reverse("letter", args=[cast.campaign.slug])
    officer = cast.client("A1", "officer")
    boss.post(manage(cast.campaign), {"act": "close"})
    officer.post(url, {"act": "acknowledge"})
    assert not hasattr(CampaignNode.rows.get(pk=cast.nodes["A1"].pk), "acknowledgement")
    assert "Đã kết thúc" in officer.get(url).content.decode()
    boss.post(manage(cast.campaign), {"act": "reopen"})
    officer.post(url, {"act": "acknowledge"})
    assert CampaignNode.rows.get(pk=cast.nodes["A1"].pk).acknowledgement


def test_the_archive_is_in_no_officers_list(cast, boss):
    boss.post(manage(cast.campaign), {"act": "archive"})
    cast.campaign.refresh_from_db()
    assert cast.campaign.status == "published"  # only a closed campaign can be archived
    boss.post(manage(cast.campaign), {"act": "close"})
    boss.post(manage(cast.campaign), {"act": "archive"})
    assert cast.client("A1", "officer").get("/viec-cua-toi/").status_code == 200
    assert cast.client("A1", "officer").get(reverse("letter", args=[cast.campaign.slug])).status_code == 200


def test_taking_publication_back_while_nobody_has_done_anything(cast, boss):
    issue_codes([cast.nodes["A1"]], cast.user("centre", "coordinator"))
    boss.post(manage(cast.campaign), {"act": "retract"})
    cast.campaign.refresh_from_db()
    assert cast.campaign.status == "draft"
    assert not CampaignNode.rows.exists() and not JoinCode.rows.exists()
    boss.post(manage(cast.campaign), {"act": "publish"})
    node = CampaignNode.rows.get(unit=cast.units["A1"])
    actions.acknowledge(node, None)
    boss.post(manage(cast.campaign), {"act": "retract"})
    assert CampaignNode.rows.filter(pk=node.pk).exists()


def test_publication_is_not_taken_back_the_day_after(cast):
    boss = cast.user("centre", "coordinator")
    tomorrow = time_machine.travel(timezone.now() + timedelta(days=1), tick=False)
    with tomorrow, pytest.raises(actions.NotAllowedNowError) as error:
        lifecycle_actions.retract(cast.campaign, boss)
    assert error.value.code == "another_day"


def test_a_draft_can_be_deleted_and_a_published_campaign_not(cast, boss, draft):
    boss.post(manage(cast.campaign), {"act": "discard"})
    boss.post(manage(draft), {"act": "discard"})
    assert list(Campaign.objects.values_list("slug", flat=True)) == [cast.campaign.slug]


def test_what_runs_keeps_its_settings(cast, boss):
    boss.post(
        reverse("campaign_edit", args=[cast.campaign.slug]),
        {"summary": "Câu mới", "contact_name": "Chị Hà", "contact_phone": "0213", "quiet_days": "1"},
    )
    cast.campaign.refresh_from_db()
    assert cast.campaign.summary == ""  # the phone number is too short: nothing is saved
    boss.post(
        reverse("campaign_edit", args=[cast.campaign.slug]),
        {"summary": "Câu mới", "contact_name": "Chị Hà", "contact_phone": "0213 100 000", "quiet_days": "1"},
    )
    cast.campaign.refresh_from_db()
    assert cast.campaign.summary == "Câu mới" and cast.campaign.quiet_days == 14


def test_freezing_asks_no_question_per_unit(cast, draft, django_assert_max_num_queries):
    for n in range(60):
        create_unit(None, cast.units["A1"], f"Trường {n}", kind="school")
    with django_assert_max_num_queries(20):
        assert actions.publish(draft, cast.user("centre", "coordinator")) == 66
