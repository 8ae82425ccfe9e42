"""Computes the supplementary report: changes below after a report was sent or signed.

Nothing is stored until it is sent: no unit's act ever waits for the row of a superior.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import override

from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report, Revision, Signing
from quetsach.portal.reports.queries import form_of, signing_of
from quetsach.portal.reports.rollup.queries import drifted, lines
from quetsach.portal.reports.rollup.sums import Line


@dataclass(frozen=True)
class Supplement:
    """`revision` is the revision sent with the report; `before` and `now` are its total then and now."""

    report: Report
    revision: Revision
    changed: list[tuple[Line, Figures | None]]
    before: Figures
    now: Figures

    @cached_property
    def signing(self) -> Signing | None:
        """The last signature under the report, if any."""
        return signing_of(self.report)

    @property
    def sentences(self) -> list[str]:
        """One sentence for each unit whose figures changed, about the changed rows only."""
        found = []
        for line, then in self.changed:
            none, moved = _("none yet"), []
            for row, count in line.total.items():
                before = none if then is None else then.row(row)
                now = none if line.is_blank else count
                if before != now:
                    moved.append(
                        _("row %(n)s: %(before)s → %(now)s") % {"n": row[1:], "before": before, "now": now}
                    )
            found.append(f"{line.node.name}: {', '.join(moved)}.")
        return found

    @property
    def text(self) -> str:
        """The text of the supplementary report."""
        issued = (
            self.signing.document if self.signing and self.signing.document else _("the report sent before")
        )
        head = _("Supplement to %(document)s: figures of %(n)s units changed afterwards.") % {
            "document": issued,
            "n": len(self.changed),
        }
        return "\n".join([head, *(f"- {sentence}" for sentence in self.sentences)])

    @property
    def official_text(self) -> str:
        """The text for the official paper, always Vietnamese."""
        with override("vi"):
            return self.text


def supplement_of(node: CampaignNode, report: Report | None) -> Supplement | None:
    """The changes below the node since its last sent revision; None if there are none."""
    if report is None or report.current is None:
        return None
    children = lines(node)
    changed = drifted(report, children)
    if not changed:
        return None
    form = form_of(node)
    below = sum((line.total for line in children), form.zero)
    return Supplement(
        report=report,
        revision=report.current,
        changed=changed,
        before=Figures(report.current.totals["total"]).over(form.keys),
        now=(report.current.counted + below).over(form.keys),
    )
