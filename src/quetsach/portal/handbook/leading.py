"""The page of the help for each page of the portal."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import ResolverMatch, reverse

from quetsach.portal.campaigns.seat import Seat

EQUIPMENT = "/"
"""Stands for the pages of the equipment, which explain the logs."""
BY_ROUTE: dict[str, str] = {
    "join_codes": "chien-dich#invite-units",
    "join": "can-bo-xa",
    "join_start": "can-bo-xa",
    "keyed": "chien-dich#enter-for-others",
    "keyed_file": "chien-dich#enter-for-others",
    "reminders": "chien-dich#reminders-by-rule",
    "reminder_rules": "chien-dich#reminders-by-rule",
    "nodes": "chien-dich#units-that-change",
    "node_change": "chien-dich#units-that-change",
    "campaign_list": "chien-dich#draft-and-publish",
    "campaign_new": "chien-dich#draft-and-publish",
    "campaign_manage": "chien-dich#draft-and-publish",
    "campaign_edit": "chien-dich#draft-and-publish",
    "campaign_units": "chien-dich#draft-and-publish",
    "tokens": "kiem-tra-may#handing-results-in-to-the-portal",
    "audit": "quan-tri#who-serves-where",
    "units": "don-vi#find",
    "unit_upload": "don-vi#import-from-a-table",
    "unit_import": "don-vi#import-from-a-table",
    "unit_change": "don-vi#reorganisations",
    "unit_undo": "don-vi#reorganisations",
    "unit_heir": "don-vi#reorganisations",
    "people": "chien-dich#count-people",
    "mark": "chien-dich#count-people",
    "mark_sheet": "chien-dich#count-people",
    "report": "can-bo-xa#report",
    "progress": "can-bo-tong-hop#chase",
    "progress_node": "can-bo-tong-hop#chase",
    "chase": "can-bo-tong-hop#chase",
    "chase_messages": "can-bo-tong-hop#chase",
    "rollup": "can-bo-tong-hop#add-up",
    "machine_figures": "so-lieu-may",
    "why": "can-bo-tong-hop#add-up",
    "wishes": "can-bo-tong-hop#add-up",
    "report_policy": "mau-phu-luc#review-locks-unlocking-supplements",
    "supplement": "mau-phu-luc#review-locks-unlocking-supplements",
    "report_file": "mau-phu-luc#a-report-as-an-excel-file",
    "annex_forms": "mau-phu-luc#a-form-for-the-next-campaign",
    "pack_build": "kiem-tra-bang-usb#the-pack",
    "detections": "kiem-tra-may#the-campaign-s-hashes-and-rules",
    "detection": "kiem-tra-may#the-campaign-s-hashes-and-rules",
    "licences": "kiem-tra-may#the-organisation-s-licence-facts",
    "self_check": "kiem-tra-may",
    "self_check_visits": "kiem-tra-may#the-public-self-check",
    "victims": "bao-cao-noi-khac#in-the-portal",
    "victims_file": "bao-cao-noi-khac#in-the-portal",
    "victims_back": "bao-cao-noi-khac#take-a-file-back",
    "victims_unplaced": "bao-cao-noi-khac#in-the-portal",
    "risks": "bao-cao-noi-khac#what-a-report-means",
    "case_gaps": "khi-nao-sach#what-is-missing-and-what-closes-it",
    "registers": "so-may",
    "register": "so-may#what-the-register-shows",
    "register_machine": "so-may#what-people-decide",
    "decisions": "so-may#what-people-decide",
    "evidence": "so-may#leases-of-the-week",
    "evidence_file": "so-may#leases-of-the-week",
    "evidence_notice": "su-co#the-notice-with-the-evidence",
    "hand_in": "kiem-tra-may#handing-results-in-to-the-portal",
    "staff_refusals": "quan-tri#who-serves-where",
}
"""For a route its page, and behind `#` the part of it."""
BY_APP: dict[str, str] = {
    "accounts": "quan-tri#wrong-passwords-and-codes",
    "audit": "quan-tri#who-serves-where",
    "bundles": "chien-dich#take-everything-along",
    "campaigns": "chien-dich",
    "cases": "don-may",
    "checks": "kiem-tra-may",
    "indicators": "false-alarms",
    "incidents": "su-co",
    "intake": "gom-phu-luc#in-the-portal",
    "letters": "van-ban",
    "machines": "so-may",
    "people": "chien-dich#enterprises-and-other-organisations",
    "privacy": "quan-tri#personal-data",
    "reports": "mau-phu-luc",
    "sectors": "don-vi#line-of-work",
    "sensors": "theo-doi",
    "sightings": EQUIPMENT,
    "sso": "quan-tri#sign-in-by-an-identity-provider",
    "staff": "quan-tri#who-serves-where",
    "tools": "don-may",
    "units": "don-vi",
}
"""For the other pages of an app; those of the libraries for accounts count as `accounts`."""


def help_for(match: ResolverMatch | None, role_page: str = "chien-dich") -> str:
    """The address of the help for the page at `match`; the contents where no page belongs to it.

    `role_page` explains what the reader does day by day: Today and the letter lead there.
    """
    place = _place(match, role_page)
    if not place:
        return reverse("handbook")
    if place == EQUIPMENT:
        return reverse("equipment")
    name, _, part = place.partition("#")
    return reverse("handbook_page", args=[name]) + (f"#{part}" if part else "")


def page_of_role(seat: Seat | None) -> str:
    """The page for coordinators of units below, for officers, or for everybody."""
    if seat is None:
        return "chien-dich"
    if seat.home.has_below and seat.can_home["publish"]:
        return "can-bo-tong-hop"
    return "can-bo-xa" if seat.can_home["edit_report"] else "chien-dich"


def _place(match: ResolverMatch | None, role_page: str) -> str:
    if match is None or not match.url_name:
        return ""
    if match.url_name in {"today", "letter", "my_work"}:
        return role_page
    return BY_ROUTE.get(match.url_name) or BY_APP.get(_app(match.func), "")


def _app(view: Callable[..., object]) -> str:
    module = getattr(view, "view_class", view).__module__
    if module.startswith("allauth."):
        return "accounts"
    return module.split(".")[2] if module.startswith("quetsach.portal.") else ""
