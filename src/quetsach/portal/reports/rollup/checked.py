"""What checks of machines say beside the row of people who carried the campaign out.

Machines and the people who use them: a help for whoever counts, never a part of the figure, because who uses
two machines stands in it twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.checks import queries
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.checks.queries import Branch
from quetsach.portal.checks.words import SHAPES

MOST_LISTED = 50


@dataclass(frozen=True)
class Checked:
    """`own` are the unit's machines with the shape of their verdict, empty for people of other units; `below`
    the branches in which something was checked."""

    whole: Branch
    own: list[tuple[CheckResult, str]]
    below: list[Branch]


def checked(node: CampaignNode, user: User) -> Checked | None:
    """The checks of a unit and below; None where nothing was checked."""
    branches = queries.branches(node)
    whole = queries.total(branches, node)
    if not whole.checked:
        return None
    own = queries.latest_of(node)[:MOST_LISTED] if queries.serves_in(user, node) else ()
    below = [one for one in branches if one.checked and not one.is_own]
    return Checked(whole, [(one, SHAPES[one.verdict]) for one in own], below)
