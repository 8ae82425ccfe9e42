"""Checks of machines, shown beside the row of people who carried the campaign out.

Machines and their users help a person to count. They are never part of the figure, because a person who uses
two machines appears in it twice.
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
    """`own` are the unit's machines with the shapes of their verdicts, empty for people of other units;
    `below` are the branches with checks."""

    whole: Branch
    own: list[tuple[CheckResult, str]]
    below: list[Branch]


def checked(node: CampaignNode, user: User) -> Checked | None:
    """The checks of a unit and below; None if there are none."""
    branches = queries.branches(node)
    whole = queries.total(branches, node)
    if not whole.checked:
        return None
    own = queries.latest_of(node)[:MOST_LISTED] if queries.serves_in(user, node) else ()
    below = [one for one in branches if one.checked and not one.is_own]
    return Checked(whole, [(one, SHAPES[one.verdict]) for one in own], below)
