"""Words of the screen for the doors that refuse, and for the reasons. Only these are counted by name, so that
strangers cannot make the table grow."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OTHER = "other"
DOORS: dict[str, str | Promise] = {
    "hand_in": _("Handing results in with a code"),
    "hand_in_api": _("Sticks that send results"),
    "checks": _("Results of checks, dropped by officers"),
    "push": _("Devices that send their logs' results"),
    "list_api": _("Devices that fetch the list"),
    "scans": _("Scan files, uploaded by officers"),
    "lists": _("Lists of indicators"),
    "detections": _("Hashes and rules for the packs"),
    "tools": _("Removal tools"),
    "intake": _("Annexes that came as files"),
    "reports": _("Reports and their files"),
    "forms": _("Forms of the annex"),
    "letters": _("Letters"),
    "units": _("Tables of units"),
    "bodies": _("Lists of enterprises"),
    "people": _("People and sign sheets"),
    "keyed": _("Entries on behalf of a unit"),
    "sign_in": _("Signing in"),
    "sso": _("Signing in by the identity provider"),
    "join": _("Joining with a code"),
    "links": _("Invitations and links for a new password"),
    "marks": _("Marks of employees"),
    "self_check": _("Self-check"),
    "privacy": _("Requests about personal data"),
    OTHER: _("Other pages"),
}
ROUTES = {
    "hand_in": "hand_in", "api_check_results": "hand_in_api", "checks": "checks", "api_sightings": "push",
    "api_sensors": "push", "api_heartbeat": "push",
    "api_indicators": "list_api", "scans": "scans", "indicators": "lists", "detections": "detections",
    "tools_edit": "tools", "intake": "intake", "report": "reports", "report_file": "reports",
    "report_sign": "reports", "report_attach": "reports", "annex_forms": "forms",
    "letters:issue": "letters", "letters:attach": "letters", "letters:check": "letters",
    "unit_upload": "units", "unit_import": "units", "body_paste": "bodies", "bodies": "bodies",
    "people": "people", "keyed": "keyed", "account_login": "sign_in", "mfa_authenticate": "sign_in",
    "account_reauthenticate": "sign_in", "mfa_reauthenticate": "sign_in", "sso_start": "sso",
    "sso_callback": "sso", "join_start": "join", "join": "join", "staff_link": "links", "mark": "marks",
    "self_check": "self_check", "ask_erasure": "privacy",
}  # fmt: skip
"""The door of each address of the portal."""


@dataclass(frozen=True)
class Reason:
    """One reason of refusals, and its remedy. `%(most)d` is the limit of an upload in MB."""

    label: str | Promise
    advice: str | Promise


REASONS: dict[str, Reason] = {
    "code": Reason(
        _("The code is not known, was used or has expired"),
        _("A few are typing errors. Many in one day: somebody guesses; the server's log has the address."),
    ),
    "token": Reason(
        _("No connection code, or one that is not in force"),
        _("See whether a device still uses a code that was revoked, and give it a new one."),
    ),
    "password": Reason(
        _("User name and password do not match"),
        _("A few are typing errors. Many in one day: somebody guesses; look at “Who did what”."),
    ),
    "locked": Reason(
        _("A pause after too many wrong passwords or one-time codes"),
        _(
            "No account is locked: signing in with that name pauses for five minutes, after very many"
            " attempts for up to an hour, and then works again by itself. “Who did what” shows the name: ask"
            " the person whether it was them."
        ),
    ),
    "too_often": Reason(
        _("Too many requests from one address"),
        _("An office behind one address may need a moment. If it goes on, block it in the web server."),
    ),
    "too_large": Reason(
        _("Too large"),
        _("It has to be sent in parts. The bound is QUETSACH_MAX_UPLOAD_MB (%(most)d), or the page's own."),
    ),
    "too_many": Reason(
        _("Too many files at once"),
        _("Nothing is wrong with the portal: it has to be sent in parts, and the sender was told so."),
    ),
    "too_long": Reason(
        _("Could not be read in the time allowed"),
        _("Ask for the file in a simpler form. Many in one day: files made to stop the portal."),
    ),
    "damaged": Reason(
        _("Damaged or not complete"),
        _("The sender was told to make it again. Many in one day: ask the units whether they need "
          "help."),
    ),
    "unknown_kind": Reason(
        _("Not a kind of file that is read here"),
        _("The sender was told what is read. Many in one day: ask the units whether they need help."),
    ),
    "crashed": Reason(
        _("The program that reads files ended early"),
        _("The portal went on. The server's log says which file; keep it and report the fault."),
    ),
    "foreign": Reason(
        _("From another campaign or unit, or not made by a pack of this portal"),
        _("Ask the units which sticks and packs they use, and give them the present ones."),
    ),
    "clock": Reason(
        _("From a machine whose clock is wrong, or made too long ago"),
        _("The unit was told to set the clock and to check the machine again."),
    ),
    "content": Reason(
        _("Its content breaks a rule"),
        _("The sender was told what to change; nothing has to be done here."),
    ),
    "expired": Reason(
        _("The page was open for too long, or cookies are off"),
        _("Seldom more than a few. Many in one day: QUETSACH_ORIGINS and QUETSACH_HTTPS may be set wrongly."),
    ),
    "malformed": Reason(
        _("A request that no browser makes"),
        _("Mostly programs that look for holes. If people complain, see whether QUETSACH_HOSTS is right."),
    ),
    "busy": Reason(
        _("The portal was busy"),
        _(
            "People were told to try again. If it goes on at doors for files: let more of them be read at"
            " once by QUETSACH_READERS (512 MB of memory for each). If at all doors: a faster server, or"
            " PostgreSQL."
        ),
    ),
    "too_slow": Reason(
        _("The connection was too slow"),
        _("The sender was told to send less at once. Many in one day: somebody holds connections open."),
    ),
    "disk_full": Reason(
        _("The disk was full"),
        _("Make room on the server's disk now; until then no large file is taken."),
    ),
    OTHER: Reason(
        _("Another reason"),
        _("The server's log may say more."),
    ),
}  # fmt: skip
