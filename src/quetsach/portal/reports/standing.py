"""Today's lines about reports: the unit's own report, and the reports of the units directly below."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import CampaignNode, NodeQuerySet
from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Standing, facts_of
from quetsach.portal.kit.figures import DIRECT
from quetsach.portal.kit.templatetags.kit import moment
from quetsach.portal.reports import arrived_files, queries
from quetsach.portal.reports.dashboard import audiences
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.templatetags.annex import STATES


def reports_stand(seat: Seat) -> Iterator[Standing]:
    """The state and date of the unit's own report, and the reports that are missing directly below."""
    if seat.node.expected or seat.node.parent_id is None:
        yield _own(seat)
    if seat.node.has_below:
        yield _below(seat)


def _own(seat: Seat) -> Standing:
    report = seat.once(queries.open_at).own
    shape, word = STATES[seat.once(facts_of)["report_state"]]
    return Standing(
        label=_("Own report"), shape=shape, word=word, text=_when(report) if report else "",
        url=reverse("report", args=[seat.campaign.slug, seat.node.pk]), action=_("Open the report"),
    )  # fmt: skip


def _when(report: Report) -> str:
    """When the report came to where it is."""
    sent = report.current
    if sent is None or report.state == Report.State.DRAFT:
        return ""
    if sent.submitted_at is None:
        return _("written %(at)s") % {"at": moment(sent.at)}
    return _("sent %(at)s") % {"at": moment(sent.submitted_at)}


def _below(seat: Seat) -> Standing:
    found = seat.once(facts_of)
    missing, with_file = found["reports_missing"] or 0, found["reports_in_files"] or 0
    text = ngettext("%(n)s unit has no report", "%(n)s units have no report", missing)
    figures = [(Counted("units.not_reported", missing, DIRECT), text % {"n": missing})]
    if back := found["reports_returned"] or 0:
        figures.append((Counted("units.returned", back, DIRECT), returned_words(back)))
    if with_file:
        said = ngettext(
            "%(n)s unit sent its report as a file, which waits on the desk to be taken in",
            "%(n)s units sent their reports as files, which wait on the desk to be taken in",
            with_file,
        ) % {"n": with_file}
        figures.append((Counted("units.with_file", with_file, DIRECT), said))
    return Standing(
        label=_("Reports directly below"), figures=tuple(figures) if missing or with_file else (),
        text="" if missing or with_file else _("Every unit that must report has sent something."),
        url=reverse("chase", args=[seat.campaign.slug, seat.node.pk]) + "?thieu=bao-cao",
        action=_("Which ones?") if missing else _("To the list"),
    )  # fmt: skip


def returned_words(units: int) -> str:
    """The units among those without a report whose report was returned."""
    said = ngettext(
        "%(n)s of them returned, waits for the unit", "%(n)s of them returned, wait for the units", units
    )
    return said % {"n": units}


def missing_below() -> Subquery:
    """The number of units directly below a node without a report, or with a returned one; None for none."""
    return number_of(_children().filter(audiences.not_reported()), "parent")


def returned_below() -> Subquery:
    """The number of units directly below a node whose report was returned; None for none."""
    return number_of(_children().filter(audiences.returned()), "parent")


def with_file_below() -> Subquery:
    """The number of units directly below a node of which a file waits; None for none."""
    return number_of(_children().filter(arrived_files.waits()), "parent")


def _children() -> NodeQuerySet:
    return CampaignNode.rows.active().filter(parent=OuterRef("pk"))
