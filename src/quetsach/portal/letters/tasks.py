"""What a unit's letters ask of its officers."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.queries import statuses
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task
from quetsach.portal.letters import queries
from quetsach.portal.letters.models import Letter


def letters_to_do(seat: Seat) -> Iterator[Task]:
    """Write the letter that passes the campaign on; then enter its number."""
    if not seat.can["pass_on"]:
        return
    slug, node = seat.campaign.slug, seat.node
    begun, (_own, below) = queries.begun(node), seat.once(statuses)
    drafts = [letter for letter in begun if letter.state == Letter.State.DRAFT]
    for draft in drafts[:1]:
        yield Task(
            Rank.PASS_ON - 1,
            _("Enter number and date of your letter"),
            _("“%(subject)s” is a draft. Once your office has numbered and signed it, enter that here.")
            % {"subject": str(draft)[:100]},
            reverse("letters:look", args=[slug, node.pk, draft.pk]),
            _("Open the letter"),
        )
    if node.parent_id is not None and not begun and any(status.lacks_letter for status in below):
        yield Task(
            Rank.PASS_ON + 1,
            _("Write your own letter to the units below"),
            _("It is filled in from the order: your head, your addressees, a deadline before your own."),
            reverse("letters:compose", args=[slug, node.pk]),
            _("Write the letter"),
        )
