"""The figures and pages that the demonstration shows and checks."""

from __future__ import annotations

from collections import Counter

from django.urls import reverse

from demo.eighth_week import SLUG as PILOT
from demo.people import ACCOUNTS
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.queries import progress
from quetsach.portal.cases.models import Case
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.sightings.models import Sighting


def figures_line(slug: str) -> str:
    """Units, acknowledged, sightings, cases, reports, and the total of the annex's four rows."""
    campaign = Campaign.objects.get(slug=slug)
    root = CampaignNode.rows.get(campaign=campaign, parent=None)
    done = progress(campaign, root.path)
    seen = Sighting.rows.filter(node__campaign=campaign).count()
    total = roll_up(root).total
    cases = Case.rows.filter(device__owner__campaign=campaign)
    states = ", ".join(
        f"{state} {n}" for state, n in sorted(Counter(cases.values_list("state", flat=True)).items())
    )
    sent = Report.rows.filter(node__campaign=campaign, accepted__isnull=False).count()
    return (
        f"units {done.units + 1} · acknowledged {done.acknowledged} · "
        f"sightings {seen} · cases {cases.count()} ({states}) · "
        f"reports accepted {sent} · rows 1-4 total {' '.join(str(n) for n in total.values())}"
    )


def main_pages(slug: str, issuer: str) -> tuple[list[str], dict[str, list[str]]]:
    """Addresses for a visitor, and for each of the people."""
    campaign = Campaign.objects.get(slug=slug)
    nodes = CampaignNode.rows.filter(campaign=campaign)
    root = nodes.get(parent=None)
    public = [
        reverse(name) for name in ("home", "self_check", "indicator_list", "privacy", "tools", "hand_in")
    ]
    public.append(reverse("campaign_page", args=[slug]))
    pages: dict[str, list[str]] = {}
    played: set[tuple[str, str]] = set()
    in_pilot = set(CampaignNode.rows.filter(campaign__slug=PILOT).values_list("name", flat=True))
    for account in ACCOUNTS:
        home = root if account.unit == issuer else nodes.get(name=account.unit)
        mine = [
            reverse(name, args=[slug])
            for name in (
                "today",
                "letter",
                "cases",
                "victims",
                "risks",
                "incidents",
                "progress",
                "checks",
                "licences",
            )
        ]
        mine += [reverse(name, args=[slug, home.pk]) for name in ("rollup", "report_pdf", "report_xlsx")]
        if home.kind == "phong":
            mine.append(reverse("sector", args=[slug, home.pk]))
        if account.role in ("coordinator", "auditor"):
            mine += [reverse("staff"), reverse("staff_trail"), reverse("audit", args=[slug])]
        if account.role == "coordinator":
            mine += [reverse("units"), reverse("units_past")]
        if account.role in ("coordinator", "officer"):
            mine += [reverse(name, args=[slug, home.pk]) for name in ("people", "bodies")]
            mine.append(reverse("report", args=[slug, home.pk]))
        if account.role in ("coordinator", "officer", "it"):
            mine += [reverse(name, args=[home.unit_id]) for name in ("register", "evidence", "decisions")]
        if account.role in ("coordinator", "it"):
            mine += [reverse(name, args=[slug]) for name in ("scans", "indicators", "detections")]
        case = Case.rows.filter(device__owner__path__startswith=home.path).first()
        if case is not None:
            mine.append(reverse("case", args=[slug, case.pk]))
        if account.unit in in_pilot and account.role in ("coordinator", "officer"):
            mine += [reverse(name, args=[PILOT]) for name in ("today", "cases", "case_gaps")]
        # A second person with the same role and unit only opens the first page.
        key = (account.role, account.unit)
        pages[account.username] = mine[:1] if key in played else mine
        played.add(key)
    return public, pages


def export_pages(slug: str) -> list[str]:
    """The official report and the figures of the top node."""
    root = CampaignNode.rows.get(campaign__slug=slug, parent=None)
    return [reverse(name, args=[slug, root.pk]) for name in ("report_pdf", "report_xlsx")]
