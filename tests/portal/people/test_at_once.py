"""Two phones, two offices, one retry: one mark, one claim, and a number that equals the marks."""

from threading import Event

import pytest
from django.db import connection, transaction

from quetsach.portal.campaigns.cascade.actions import lock_active
from quetsach.portal.campaigns.queries import people_of
from quetsach.portal.people.actions import count_by_marks, mark
from quetsach.portal.people.body_actions import TaxCodeTakenError, apply_draft, keep_draft
from quetsach.portal.people.models import Body, BodyDraft, Mark, SecondMark, TaxCodeClaim


def test_one_person_at_two_units_at_once_is_one_mark(at_once, cast):
    officers = [cast.user(unit, "officer") for unit in ("A1", "A")]
    nodes = [cast.nodes["A1"], cast.nodes["A"]]
    links = [count_by_marks(node, "done", officer) for node, officer in zip(nodes, officers, strict=True)]
    at_once(
        *[lambda link=link: mark(link, "ha@example.org") for link in links * 2],
        *[lambda: mark(links[0], "lan@example.org")] * 2,
    )
    counted = at_once(*[lambda node=node: people_of(node)["done"] for node in nodes])
    assert at_once(Mark.rows.count) == [sum(counted)] == [2]
    assert at_once(SecondMark.rows.count) == [1]


def test_two_units_take_one_tax_code_at_once_and_one_is_told(at_once, cast):
    def take(unit):
        officer, node = cast.user(unit, "officer"), cast.nodes[unit]

        def run():
            try:
                return len(apply_draft(keep_draft(node, "Một;0100109106", "", officer), officer).new)
            except TaxCodeTakenError as error:
                return error

        return run

    answers = at_once(take("A1"), take("A"), take("A1"))
    assert sum(answer == 1 for answer in answers) == 1
    assert at_once(Body.rows.count) == at_once(TaxCodeClaim.rows.count) == [1]


def test_a_list_is_kept_while_the_unit_is_held_by_another_act(at_once, cast):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time and no locks of rows")
    officer = cast.user("A1", "officer")
    held, kept = Event(), Event()

    def hold():
        with transaction.atomic():
            lock_active(cast.nodes["A1"])
            held.set()
            return kept.wait(20)

    def keep():
        held.wait(20)
        draft = keep_draft(cast.nodes["A1"], "Một;0100109106", "", officer)
        kept.set()
        return draft

    waited, draft = at_once(hold, keep)
    assert waited and BodyDraft.rows.filter(pk=draft.pk).exists()
