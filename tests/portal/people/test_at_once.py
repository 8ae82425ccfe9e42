"""Two phones, two offices, one retry: one mark, one claim, and the number is that of the marks."""

from threading import Event

import pytest
from django.db import connection, transaction

from quetsach.portal.campaigns.actions import lock_active
from quetsach.portal.campaigns.queries import people_of
from quetsach.portal.people.actions import count_by_marks, mark
from quetsach.portal.people.body_actions import TaxCodeTakenError, apply_draft, keep_draft
from quetsach.portal.people.models import Body, BodyDraft, Mark, SecondMark, TaxCodeClaim
from quetsach.portal.reports.errors import ReportError
from tests.portal.reports.test_at_once import ask, shared, together  # noqa: F401


@pytest.mark.django_db(transaction=True)
def test_one_person_at_two_units_at_once_is_one_mark(shared, cast):  # noqa: F811
    officers = [cast.user(unit, "officer") for unit in ("A1", "A")]
    nodes = [cast.nodes["A1"], cast.nodes["A"]]
    links = together(lambda: count_by_marks(nodes[0], "done", officers[0]))
    links += together(lambda: count_by_marks(nodes[1], "done", officers[1]))
    together(
        *[lambda link=link: mark(link, "ha@example.org") for link in links * 2],
        *[lambda: mark(links[0], "lan@example.org")] * 2,
    )
    marks = ask(lambda: Mark.rows.count())
    counted = [ask(lambda node=node: people_of(node)["done"]) for node in nodes]
    assert marks == sum(counted) == 2
    assert ask(lambda: SecondMark.rows.count()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_units_take_one_tax_code_at_once_and_one_is_told(shared, cast):  # noqa: F811
    def take(unit, officer):
        def run():
            try:
                plan = apply_draft(keep_draft(cast.nodes[unit], "Một;0100109106", "", officer), officer)
            except TaxCodeTakenError as error:
                raise ReportError(str(error)) from error
            return len(plan.new)

        return run

    answers = together(take("A1", shared[0]), take("A", shared[1]), take("A1", shared[0]))
    assert sum(answer == 1 for answer in answers) == 1
    assert ask(lambda: Body.rows.count()) == ask(lambda: TaxCodeClaim.rows.count()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_list_is_kept_while_the_unit_is_held_by_another_act(shared, cast):  # noqa: F811
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time and no locks of rows")
    held, kept = Event(), Event()

    def hold():
        with transaction.atomic():
            lock_active(cast.nodes["A1"])
            held.set()
            return kept.wait(20)

    def keep():
        held.wait(20)
        draft = keep_draft(cast.nodes["A1"], "Một;0100109106", "", shared[0])
        kept.set()
        return draft

    waited, draft = together(hold, keep)
    assert waited and BodyDraft.rows.filter(pk=draft.pk).exists()
