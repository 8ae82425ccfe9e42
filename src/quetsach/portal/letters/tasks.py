"""The tasks of a unit's officers about letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.campaigns.queries import statuses
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of, has_letter
from quetsach.portal.letters.models import Letter


def _begun() -> QuerySet[Letter]:
    return Letter.rows.filter(campaign=OuterRef("campaign"), unit=OuterRef("unit"))


def _draft(field: str | Combinable) -> Subquery:
    drafts = _begun().filter(state=Letter.State.DRAFT).order_by("created_at")
    return Subquery(drafts.values(n=F(field) if isinstance(field, str) else field)[:1])


FACTS: dict[str, Callable[[], Combinable]] = {
    "letters_begun": lambda: number_of(_begun(), "unit"),
    "letter_draft": lambda: _draft("pk"),
    "letter_draft_subject": lambda: _draft(KT("fields__subject")),
}
"""The number of the unit's letters in the campaign, and the first draft among them."""


def letters_to_do(seat: Seat) -> Iterator[Task]:
    """Write the letter that passes the campaign on; then enter its number."""
    if not seat.can["pass_on"]:
        return
    slug, node = seat.campaign.slug, seat.node
    facts, (_own, below) = seat.once(facts_of), seat.once(statuses)
    if draft := facts["letter_draft"]:
        yield Task(
            Rank.PASS_ON - 1,
            _("Enter number and date of your letter"),
            _("“%(subject)s” is a draft. Once your office has numbered and signed it, enter that here.")
            % {"subject": (facts["letter_draft_subject"] or "")[:100]},
            reverse("letters:look", args=[slug, node.pk, draft]),
            _("Open the letter"),
        )
    is_first = seat.is_at_issuer and seat.can["publish"] and not facts["letter_draft"]
    if is_first and not has_letter(seat.campaign):
        yield Task(
            Rank.PASS_ON - 1,
            _("Write the letter"),
            _(
                "The text of the letter is not here yet. It fills itself in from the campaign; units below "
                "read it."
            ),
            reverse("letters:order", args=[slug]),
            _("Write the letter"),
        )
    lacking = any(status.lacks_letter for status in below)
    if node.parent_id is not None and lacking and not facts["letters_begun"]:
        yield Task(
            Rank.PASS_ON - 1,
            _("Write your own letter to the units below"),
            _("It is filled in from the order: your head, your addressees, a deadline before your own."),
            reverse("letters:compose", args=[slug, node.pk]),
            _("Write the letter"),
        )
