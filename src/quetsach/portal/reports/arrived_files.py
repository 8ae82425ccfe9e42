"""Units whose report came as a file that waits on a superior's desk: that is not nothing, and does not count.

The app of the desk registers its rows here in AppConfig.ready; reports never imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_

from django.db.models import Case, CharField, Exists, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report

WAITING: list[Callable[[str], Exists]] = []
"""Each makes an expression over CampaignNode: whether a file of the node waits. It takes the name of the
node's key."""
FILE = "file"
"""The state of a report that came as a file, beside the stored states."""
WORDS: str | Promise = _("a file waits on the desk")
"""The same words on every page."""


def waits() -> Q:
    """Nodes without a report of their own of which a file waits."""
    own = Q(report__isnull=True) | Q(report__state__in=(Report.State.DRAFT, Report.State.RETURNED))
    none = Q(pk__in=())
    return own & Q(report__accepted=None) & reduce(or_, (Q(make("pk")) for make in WAITING), none)


def shown_state() -> Case:
    """The state of a node's report as pages and papers show it: a stored state, `FILE` or none."""
    stored = Coalesce(F("report__state"), Value("none"))
    return Case(When(waits(), then=Value(FILE)), default=stored, output_field=CharField())


def is_waiting(node: CampaignNode) -> bool:
    """Whether a file of this node waits. One query."""
    return CampaignNode.rows.filter(waits(), pk=node.pk).exists()
