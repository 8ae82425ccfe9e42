"""The reasons that a sign-in by the identity provider stops, by code and in words."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SsoError(OAuth2Error):  # type: ignore[misc]
    """`code` is one of REASONS; `detail` is for who runs the portal. Neither holds a token or a claim."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Reason:
    """The page of one reason."""

    status: int
    title: str | Promise
    text: str | Promise


_MISTRUST = _(
    "The answer of %(name)s could not be trusted, so nobody was signed in. Try once more from the beginning;"
    " if it happens again, sign in with your password and tell the portal's administrator."
)
REASONS: dict[str, Reason] = {
    "cancelled": Reason(
        200,
        _("You cancelled the sign-in"),
        _("Nothing was changed. Start again, or sign in with your password."),
    ),
    "expired": Reason(
        400,
        _("This sign-in is too old or was used already"),
        _(
            "You took more than ten minutes, came back in another browser, or used the Back button. "
            "Start again; cookies must be allowed."
        ),
    ),
    "refused": Reason(
        403,
        _("%(name)s did not let you in"),
        _("It gave no proof of who you are. Start again, or sign in with your password."),
    ),
    "unreachable": Reason(
        502,
        _("%(name)s does not answer"),
        _("Its server cannot be reached from the portal at the moment. Sign in with your password."),
    ),
    "mistrusted": Reason(403, _("The proof does not hold"), _MISTRUST),
    "no_claim": Reason(
        403,
        _("The proof does not name you"),
        _(
            "%(name)s proved that it is you but left out the number by which the portal knows you. Allow"
            " it there when asked, or sign in with your password."
        ),
    ),
    "unknown": Reason(
        403,
        _("No account here is linked with you yet"),
        _(
            "%(name)s has proven who you are; your rights here come from your unit. Ask its coordinator for"
            " an invitation. You have an account already? Sign in with your password and choose “Link” on"
            " your account page."
        ),
    ),
    "linked_otherwise": Reason(
        403,
        _("Your account is linked with somebody already"),
        _("Remove the link on your account page first, then link again."),
    ),
}
