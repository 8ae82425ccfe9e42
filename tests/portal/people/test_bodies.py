"""Enterprises on a unit's territory: taken in once in the campaign, marked, summed into the annex, undone."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, acknowledge, deploy
from quetsach.portal.people import body_actions
from quetsach.portal.people.actions import enter_headcount
from quetsach.portal.people.body_actions import TaxCodeTakenError, apply_draft, claim_in_report, keep_draft
from quetsach.portal.people.body_plan import fields_of, plan_of
from quetsach.portal.people.models import Body, BodyChange, BodyDraft, TaxCodeClaim
from quetsach.portal.people.queries import bodies_of, known_figures

DAY = date(2022, 9, 5)
TWO = "Công ty Ví Dụ;0100109106;Phố Mẫu;0213 300 0000\nHợp tác xã Bản Chang;;Bản Chang\n"


def take_in(cast, unit, text):
    officer = cast.user(unit, "officer")
    return apply_draft(keep_draft(cast.nodes[unit], text, "", officer), officer)


def ids(cast, unit="A1"):
    return list(Body.rows.filter(node=cast.nodes[unit]).values_list("pk", flat=True))


def state(cast):
    """The content of a unit's list, without the ids of its rows."""
    rows = Body.rows.order_by("search_key")
    claims = set(TaxCodeClaim.rows.values_list("code", "node", "in_report"))
    return [(row.pk, fields_of(row), row.search_key) for row in rows], claims


def test_bodies_are_added_to_the_four_rows(cast):
    officer = cast.user("A", "officer")
    acknowledge(cast.nodes["A1"], None)
    deploy(cast.nodes["A2"], None)
    assert known_figures(cast.nodes["A"]) == {"r1": 2, "r2": None, "r3": 1, "r4": None}
    take_in(cast, "A", TWO)
    first, second = ids(cast, "A")
    marks = {"informed_on": DAY, "channel": "zalo", "persons_informed": 12, "persons_done": 5}
    body_actions.set_marks(cast.nodes["A"], [first], marks, officer)
    body_actions.deploy_many(cast.nodes["A"], [second], DAY, "visit", officer)
    assert known_figures(cast.nodes["A"]) == {"r1": 4, "r2": 12, "r3": 2, "r4": 5}
    enter_headcount(cast.nodes["A"], {"informed": 30, "done": 20}, officer)
    assert known_figures(cast.nodes["A"]) == {"r1": 4, "r2": 42, "r3": 2, "r4": 25}
    assert Body.rows.get(pk=second).channel == "visit", "who carried it out was told"


def test_a_tax_code_counts_at_one_unit_and_the_other_is_told_which(cast):
    take_in(cast, "A1", TWO)
    plan = take_in(cast, "B1", TWO + "Khác;0101243150")
    [refused] = plan.refused
    assert (refused.problem.code, refused.node) == ("taken", cast.nodes["A1"])
    assert [fields["name"] for fields in plan.new] == ["Hợp tác xã Bản Chang", "Khác"]
    body = Body.rows.get(node=cast.nodes["B1"], name="Khác")
    with pytest.raises(TaxCodeTakenError) as error:
        body_actions.correct(body, {"tax_code": "0100109106"}, cast.user("B1", "officer"))
    assert error.value.node == cast.nodes["A1"]
    branch = take_in(cast, "B1", "Chi nhánh;0100109106-001")
    assert len(branch.new) == 1, "a branch counts where it stands"


def test_what_a_report_names_and_what_the_list_holds_are_one_claim(cast):
    node, officer = cast.nodes["A1"], cast.user("A1", "officer")
    claim_in_report(node, ["0100109106"])
    assert plan_of(cast.nodes["B1"], TWO).refused[0].node == node
    take_in(cast, "A1", TWO)
    claim_in_report(node, [])
    assert TaxCodeClaim.rows.filter(code="0100109106", node=node).exists(), "the list still holds it"
    claim_in_report(node, ["0100109106"])
    body_actions.remove(node, ids(cast), officer)
    assert TaxCodeClaim.rows.filter(code="0100109106", node=node).exists(), "the report still names it"
    claim_in_report(node, [])
    assert not TaxCodeClaim.rows.exists()


def test_a_list_sent_back_marks_and_the_same_list_twice_changes_nothing(cast):
    take_in(cast, "A1", TWO)
    told = (
        "Tên đơn vị;MST;Kênh phổ biến;Ngày phổ biến;Số người nhận thông tin;Số người đã thực hiện\n"
        "Công ty Ví Dụ;0100109106;Loa truyền thanh;05/09/2022;9;4\n"
    )
    plan = take_in(cast, "A1", told)
    assert (len(plan.new), len(plan.changed)) == (0, 1)
    body = Body.rows.get(tax_code="0100109106")
    assert (body.channel, body.informed_on, body.persons_informed, body.persons_done) == (
        "loudspeaker", DAY, 9, 4,
    )  # fmt: skip
    assert body.address == "Phố Mẫu", "an absent column changes nothing"
    assert take_in(cast, "A1", told).good == 0
    ahead = timezone.localdate() + timedelta(days=2)
    plan = take_in(cast, "A1", f"Tên;MST;Ngày phổ biến\nMới;0101243150;{ahead:%d/%m/%Y}")
    assert plan.refused[0].problem.code == "day_ahead"


def test_a_draft_applied_twice_is_taken_in_once(cast):
    officer = cast.user("A1", "officer")
    draft = keep_draft(cast.nodes["A1"], TWO, "", officer)
    key = draft.pk
    assert apply_draft(draft, officer).good == 2
    assert apply_draft(BodyDraft(pk=key, node=cast.nodes["A1"], text=TWO, by=officer), officer).good == 0
    assert Body.rows.count() == 2


def test_words_in_any_order_without_marks_find(cast):
    take_in(cast, "A1", TWO)
    found = bodies_of(cast.user("A1", "reader"), cast.nodes["A1"], text="chang hop tac")
    assert [body.name for body in found] == ["Hợp tác xã Bản Chang"]
    assert not bodies_of(cast.user("B1", "reader"), cast.nodes["A1"]).exists()


LISTS = ["B;0101243150", "C;;Bản 3", "Công ty Ví Dụ;0100109106;Phố Khác"]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from(LISTS)),
        st.tuples(st.just("inform"), st.integers(0, 4)),
        st.tuples(st.just("deploy"), st.integers(0, 4)),
        st.tuples(st.just("persons"), st.integers(0, 9)),
        st.tuples(st.just("clear"), st.integers(0, 4)),
        st.tuples(st.just("code"), st.sampled_from(["", "0100684378", "0100109106"])),
        st.tuples(st.just("remove"), st.integers(0, 4)),
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


def act(cast, what, value):
    node, officer, mine = cast.nodes["A1"], cast.user("A1", "officer"), sorted(ids(cast))
    some = mine[value % (len(mine) or 1) :] if isinstance(value, int) else mine[:1]
    if what == "take":
        take_in(cast, "A1", value)
    elif what == "deploy":
        body_actions.deploy_many(node, some, DAY, "visit", officer)
    elif what == "remove":
        body_actions.remove(node, some, officer)
    elif what == "code" and mine:
        body_actions.correct(Body.rows.get(pk=mine[0]), {"tax_code": value}, officer)
    else:
        marks = {
            "inform": {"informed_on": DAY, "channel": "phone"},
            "clear": {"informed_on": None},
            "persons": {"informed_on": DAY, "persons_informed": value, "persons_done": 0},
        }
        body_actions.set_marks(node, some, marks.get(what, {}), officer)


@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_undo_walks_back_to_where_it_began_and_sums_are_those_of_the_rows(cast, acts):
    for model in (BodyChange, Body, TaxCodeClaim):
        model.rows.all().delete()
    take_in(cast, "A1", TWO)
    node, officer = cast.nodes["A1"], cast.user("A1", "officer")
    states, begun = {}, BodyChange.rows.first().pk
    for what, value in acts:
        before, last = state(cast), BodyChange.rows.first().pk
        act(cast, what, value)
        if BodyChange.rows.first().pk != last:
            states[BodyChange.rows.first().pk] = before
        else:
            assert state(cast) == before, "what left no trace changed nothing"
        rows = list(Body.rows.all())
        known = known_figures(node)
        assert known["r1"] == sum(row.informed_on is not None for row in rows)
        assert known["r3"] == sum(row.deployed_on is not None for row in rows)
        assert (known["r2"] or 0) == sum(row.persons_informed for row in rows)
        assert {c.code for c in TaxCodeClaim.rows.all()} == {row.tax_code for row in rows if row.tax_code}
    while (change := BodyChange.rows.filter(undone_at=None).first()).pk != begun:
        assert body_actions.undo(change, officer)
        assert state(cast) == states[change.pk]


def test_undo_of_a_removal_meets_a_unit_that_was_quicker(cast):
    take_in(cast, "A1", TWO)
    body_actions.remove(cast.nodes["A1"], ids(cast), cast.user("A1", "officer"))
    take_in(cast, "B1", "Công ty Ví Dụ;0100109106")
    before = state(cast)
    with pytest.raises(TaxCodeTakenError) as error:
        body_actions.undo(BodyChange.rows.filter(act="remove").get(), cast.user("A1", "officer"))
    assert error.value.node == cast.nodes["B1"]
    assert state(cast) == before


def test_every_act_leaves_its_entry_and_a_closed_campaign_takes_none(cast):
    take_in(cast, "A1", TWO)
    body_actions.set_marks(cast.nodes["A1"], ids(cast), {"informed_on": DAY}, cast.user("A1", "officer"))
    actions = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["people.body_take_in", "people.body_mark"]
    cast.campaign.status = "closed"
    cast.campaign.save()
    with pytest.raises(NotAllowedNowError):
        body_actions.remove(cast.nodes["A1"], ids(cast), cast.user("A1", "officer"))
    with pytest.raises(NotAllowedNowError):
        take_in(cast, "A1", "X")
