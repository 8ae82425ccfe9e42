"""Reads of letters. Only their own unit reads drafts; superiors read issued letters."""

from __future__ import annotations

from uuid import UUID

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.letters.models import Letter


def letters_of(seat: Seat) -> list[Letter]:
    """The letters of the node on the page, the newest first."""
    rows = Letter.objects.visible_to(seat.user).filter(campaign=seat.campaign, unit=seat.node.unit_id)
    if not seat.can["pass_on"]:
        rows = rows.filter(state=Letter.State.ISSUED)
    return list(rows.select_related("changed_by"))


def letter_of(seat: Seat, letter_id: UUID) -> Letter | None:
    """One letter of the node on the page."""
    return next((letter for letter in letters_of(seat) if letter.pk == letter_id), None)


def same_number(letter: Letter, number: int, year: int) -> Letter | None:
    """Another issued letter of the unit with that number and symbol in that year (Decree, article 15)."""
    taken = Letter.rows.filter(
        unit=letter.unit, state=Letter.State.ISSUED, number=number, symbol=letter.symbol, issued_on__year=year
    )
    return taken.exclude(pk=letter.pk).first()


def order_of(campaign: Campaign) -> Letter | None:
    """The letter that starts the campaign, if it was written here."""
    return Letter.rows.filter(campaign=campaign, is_order=True).first()
