"""Sends one e-mail and returns its fate: the person learns whether the address or the server is at fault."""

from __future__ import annotations

import logging
import smtplib
from enum import StrEnum

from django.conf import settings
from django.core.mail import EmailMessage, mailers

from quetsach.portal.kit.smtp import EmailBackend, MaybeSent

_LOG = logging.getLogger(__name__)
_FOR_GOOD = range(500, 600)

AT_LEISURE = 60.0
"""Seconds for one e-mail that nobody waits for."""


class Fate(StrEnum):
    """The fate of an e-mail.

    `sent`: the server took it. `address`: the server refuses this address. `server`: the server cannot be
    reached or takes nothing now. `unsure`: the text went out and no answer came; sending it again may send it
    twice.
    """

    SENT = "sent"
    ADDRESS = "address"
    SERVER = "server"
    UNSURE = "unsure"


def deliver(subject: str, text: str, to: str, *, within: float = EmailBackend.within) -> Fate:
    """Hand one e-mail to the server of QUETSACH_SMTP, once; `within`: seconds.

    A failure is logged without address or text.
    """
    mailer = mailers.default
    if isinstance(mailer, EmailBackend):
        mailer.within = within
    try:
        mailer.send_messages([EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [to])])
    except smtplib.SMTPRecipientsRefused as error:
        code = next((code for code, _said in error.recipients.values()), 0)
        _LOG.warning("The mail server refused an address: %s", code)
        return Fate.ADDRESS if code in _FOR_GOOD else Fate.SERVER
    except MaybeSent:
        _LOG.warning("The mail server was handed an e-mail and did not answer")
        return Fate.UNSURE
    except (smtplib.SMTPNotSupportedError, ValueError) as error:
        # The address has a letter that this server cannot carry, or is no address at all.
        _LOG.warning("An e-mail could not be addressed: %s", type(error).__name__)
        return Fate.ADDRESS
    except OSError as error:  # smtplib's errors are OSErrors
        code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
        _LOG.warning("The mail server took nothing: %s (%s)", type(error).__name__, code or error.errno)
        return Fate.SERVER
    return Fate.SENT
