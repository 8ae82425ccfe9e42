"""Reorganisations keep the tree a tree, on every day; duties are inherited; nothing is lost or deleted."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.campaigns.models import Acknowledgement
from quetsach.portal.units import reorg_actions as reorg
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.change_actions import TreeRefusedError, founded_on
from quetsach.portal.units.models import Involvement, ReorgLink, Unit, UnitVersion, path_segment
from quetsach.portal.units.queries import search, tree_as_of
from quetsach.portal.units.roles import Verb, may

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel("2026-11-24T05:00:00Z", tick=True):
        yield


def check_tree():
    """Independent of the code under test: everything is derived from the parent column alone."""
    units = {unit.pk: unit for unit in Unit.rows.all()}
    for unit in units.values():
        chain, node = [], unit
        while node is not None:
            assert node.pk not in chain, "cycle"
            chain.append(node.pk)
            node = units[node.parent_id] if node.parent_id else None
        assert unit.path == "".join(path_segment(pk) for pk in reversed(chain))
        if not unit.is_retired and unit.parent_id:
            assert not units[unit.parent_id].is_retired, "a living unit below one that is no more"
    return units


def check_history():
    """No unit has two versions on one day, and on every day each superior existed."""
    days = {TODAY, date(1990, 1, 1)}
    versions = defaultdict(list)
    for version in UnitVersion.rows.order_by("valid_to"):
        versions[version.unit_id].append((version.valid_from, version.valid_to))
    for unit in Unit.rows.all():
        spans = versions[unit.pk]
        for (_, ended), (began, _) in pairwise(spans):
            assert began == ended
        if spans:
            assert spans[-1][1] == unit.valid_from
        days |= {day for span in spans for day in span if day}
    for day in days:
        standing = tree_as_of(day)
        for state in standing.values():
            assert state.parent is None or state.parent in standing


def test_a_rename_is_dated_and_found_by_both_names(cast):
    unit = cast.units["A1"]
    reorg.rename(None, unit, name="Xã Mới", on=date(2026, 7, 1), legal_basis="NQ 1")
    assert tree_as_of(date(2026, 6, 30))[unit.pk].name == "Đơn vị A1"
    assert tree_as_of(date(2026, 7, 1))[unit.pk].name == "Xã Mới"
    reader = cast.user("A", "reader")
    assert [hit.unit.pk for hit in search(reader, "xa moi")[0]] == [unit.pk]
    (hit,) = search(reader, "Đơn vị A1")[0]
    assert (hit.unit.pk, hit.former) == (unit.pk, "Đơn vị A1")


def test_a_moved_unit_keeps_its_place_in_the_running_campaign(cast):
    officer, node = cast.user("A1", "officer"), cast.nodes["A1"]
    reorg.move(None, cast.units["A1"], cast.units["B"], on=TODAY)
    check_tree()
    node.refresh_from_db()
    assert node.path == cast.units["A1"].path, "frozen"
    assert may(officer, Verb.ACKNOWLEDGE, node.path)
    assert may(cast.user("A", "officer"), Verb.REVIEW_REPORT, node.path)
    assert not may(cast.user("B", "officer"), Verb.REVIEW_REPORT, node.path)
    moved = Unit.rows.get(pk=cast.units["A1"].pk)
    assert may(cast.user("B", "coordinator"), Verb.CHANGE_UNITS, moved.path)
    assert not may(cast.user("A", "coordinator"), Verb.CHANGE_UNITS, moved.path)


def test_the_successors_people_do_what_is_left(cast):
    event = reorg.merge(
        None, [cast.units["A1"], cast.units["A2"]], parent=cast.units["A"], name="Xã Gộp", on=TODAY
    )
    merged = Unit.rows.get(name="Xã Gộp")
    cast.units["C"] = merged
    officer = cast.user("C", "officer")
    for name in ("A1", "A2"):
        assert may(officer, Verb.EDIT_REPORT, cast.nodes[name].path)
    assert not may(officer, Verb.EDIT_REPORT, cast.nodes["A"].path)
    assert {net.cidr for net in merged.networks.all()} == {"10.1.1.0/24", "192.168.1.0/24", "10.1.2.0/24"}
    client, today = cast.client("C", "officer"), reverse("today", args=[cast.campaign.slug])
    client.cookies["django_language"] = "en"
    assert "As when published; today: Xã Gộp" in client.get(today).content.decode()
    for name in ("A2", "A1"):
        node = cast.nodes[name]
        assert client.get(today, {"thay-mat": node.pk}).status_code == 200
        client.post(reverse("letter", args=[cast.campaign.slug]), {"act": "acknowledge"})
        assert Acknowledgement.rows.filter(node=node).exists(), "done for the node that was chosen"
    assert client.get(today, {"thay-mat": cast.nodes["B1"].pk}).status_code == 200, "a stranger's is ignored"
    assert client.get(reverse("my_work")).status_code == 302, "the campaign is among their work"
    # A second merger passes everything on again.
    reorg.merge(None, [merged], into=cast.units["B1"], on=TODAY)
    for name in ("A1", "A2"):
        assert may(cast.user("B1", "officer"), Verb.EDIT_REPORT, cast.nodes[name].path)
    with pytest.raises(TreeRefusedError, match="later_event"):
        reorg.undo(None, event)


def test_a_divided_units_duties_wait_for_a_choice(cast):
    parts = [reorg.Part("Xã Một", {"kind": "ubnd_commune"}), reorg.Part("Xã Hai", {"kind": "ubnd_commune"})]
    reorg.split(None, cast.units["A1"], parts, keep=False, on=TODAY)
    one, two = (Unit.rows.get(name=name) for name in ("Xã Một", "Xã Hai"))
    cast.units |= {"one": one, "two": two}
    path = cast.nodes["A1"].path
    people = [cast.user("one", "officer"), cast.user("two", "officer")]
    assert [may(p, Verb.EDIT_REPORT, path) for p in people] == [False, False]
    for chosen in (two, one):
        reorg.choose_heir(None, ReorgLink.rows.get(to_unit=chosen))
        assert [may(p, Verb.EDIT_REPORT, path) for p in people] == [chosen == one, chosen == two]
    assert may(cast.user("A1", "officer"), Verb.EDIT_REPORT, path), "its own people are still there"


def test_a_level_ends_and_its_superior_inherits(cast):
    reorg.abolish_level(
        None, cast.units["centre"], "ubnd_district", on=TODAY, legal_basis="Luật 72/2025/QH15"
    )
    units = check_tree()
    assert units[cast.units["A1"].pk].parent_id == cast.units["centre"].pk
    assert may(cast.user("centre", "officer"), Verb.EDIT_REPORT, cast.nodes["A"].path)
    assert may(cast.user("A1", "officer"), Verb.ACKNOWLEDGE, cast.nodes["A1"].path)


def test_undo_restores_everything_on_the_same_day_only(cast):
    before = sorted(Unit.rows.values_list("pk", "name", "path", "parent", "retired_at", "valid_from"))
    event = reorg.merge(
        None, [cast.units["A"], cast.units["B"]], parent=cast.units["centre"], name="Huyện Gộp", on=TODAY
    )
    made = Unit.rows.get(name="Huyện Gộp")
    reorg.undo(None, event)
    now = Unit.rows.exclude(pk=made.pk)
    assert sorted(now.values_list("pk", "name", "path", "parent", "retired_at", "valid_from")) == before
    assert made.pk not in tree_as_of(TODAY)
    assert not UnitVersion.rows.exists()
    again = reorg.rename(None, cast.units["A"], name="Huyện Khác", on=TODAY)
    with time_machine.travel("2026-11-25T05:00:00Z"), pytest.raises(TreeRefusedError, match="another_day"):
        reorg.undo(None, again)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda u: reorg.move(None, u["A"], u["A1"], on=TODAY), "cycle"),
        (lambda u: reorg.move(None, u["A1"], u["A"], on=TODAY), "nothing"),
        (lambda u: reorg.move(None, u["A1"], u["B"], on=TODAY + timedelta(days=1)), "future"),
        (lambda u: reorg.merge(None, [u["A1"]], parent=u["A"], name="X", on=TODAY), "too_few"),
        (lambda u: reorg.merge(None, [u["A"]], into=u["A1"], on=TODAY), "cycle"),
        (lambda u: reorg.abolish(None, u["A"], on=TODAY), "has_children"),
        (lambda u: reorg.found(None, u["A"], "Đơn vị A1", on=TODAY), "twins"),
        (lambda u: reorg.rename(None, u["A1"], name="Đơn vị A2", on=TODAY), "twins"),
    ],
)  # fmt: skip
def test_what_cannot_be_changes_nothing(cast, act, code):
    before = sorted(Unit.rows.values_list("pk", "path", "name"))
    with pytest.raises(TreeRefusedError) as caught:
        act(cast.units)
    assert caught.value.code == code
    assert sorted(Unit.rows.values_list("pk", "path", "name")) == before
    assert not Involvement.rows.exists()


def test_history_is_not_rewritten(cast):
    reorg.move(None, cast.units["A1"], cast.units["B"], on=date(2026, 7, 1))
    with pytest.raises(TreeRefusedError, match="before_last_change"):
        reorg.rename(None, cast.units["A1"], name="Xã Sớm", on=date(2026, 6, 1))
    with pytest.raises(TreeRefusedError, match="before_last_change"):
        reorg.abolish(None, cast.units["A"], children_to=cast.units["B"], on=date(2026, 6, 1))


VERBS = ["found", "rename", "move", "merge", "into", "split", "keep", "abolish", "level", "undo"]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 30),
        st.integers(0, 30),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.django_db(transaction=False)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_any_sequence_keeps_the_tree(db, acts):
    with transaction.atomic():
        play(acts)
        transaction.set_rollback(True)


def play(acts):
    root = create_unit(None, None, "Gốc", kind="ubnd_province")
    for d in range(3):
        district = create_unit(None, root, f"Huyện {d}", kind="ubnd_district")
        for c in range(2):
            create_unit(None, district, f"Xã {d}{c}", kind="ubnd_commune")
    events = []
    for number, (verb, x, y, back) in enumerate(acts):
        before = set(Unit.rows.values_list("pk", flat=True))
        alive = list(Unit.rows.filter(retired_at=None).order_by("path"))
        one, two = alive[x % len(alive)], alive[y % len(alive)]
        on, name = TODAY - timedelta(days=back), f"Mới {number}"
        try:
            if verb == "found":
                events.append(reorg.found(None, one, name, on=on))
            elif verb == "rename":
                events.append(reorg.rename(None, one, name=name, on=on))
            elif verb == "move":
                events.append(reorg.move(None, one, two, on=on))
            elif verb == "merge":
                events.append(reorg.merge(None, [one, two], parent=root, name=name, on=on))
            elif verb == "into":
                events.append(reorg.merge(None, [one], into=two, on=on))
            elif verb in {"split", "keep"}:
                below = Unit.rows.filter(parent=one, retired_at=None).values_list("pk", flat=True)
                parts = [reorg.Part(name, {}, list(below)), reorg.Part(f"{name} b")]
                events.append(reorg.split(None, one, parts, keep=verb == "keep", heir=y % 2, on=on))
            elif verb == "abolish":
                events.append(reorg.abolish(None, one, heir=two, children_to=two, on=on))
            elif verb == "level":
                events.append(reorg.abolish_level(None, root, "ubnd_district", on=on))
            elif events:
                reorg.undo(None, events[x % len(events)])
        except TreeRefusedError:
            assert set(Unit.rows.values_list("pk", flat=True)) == before
        assert before <= set(Unit.rows.values_list("pk", flat=True)), "a unit was lost"
    check_tree()
    check_history()
    assert founded_on(root) is None
