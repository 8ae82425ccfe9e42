"""Django's mail backend with a time limit: a silent or slow mail server does not block a page."""

from __future__ import annotations

import contextlib
import smtplib
import socket
from collections.abc import Callable
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Any

from django.core.mail.backends import smtp

if TYPE_CHECKING:
    _Base = smtplib.SMTP
else:
    _Base = object

_HANDED_OVER = 354
"""The server's code (RFC 5321, 4.5.3.2.5) before the text goes out; the next answer is about all of it."""


class MaybeSent(smtplib.SMTPServerDisconnected):
    """The text went out and no answer came: the server may have taken it or not."""


class EmailBackend(smtp.EmailBackend):
    """`within`: seconds for everything from the connection to the farewell; set before `open`.

    Raises the errors of Django's backend, and MaybeSent.
    """

    within = 8.0

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]
        """A connection with its own time limit."""
        return partial(_Tls if self.use_ssl else _Plain, within=self.within)

    def open(self) -> bool | None:
        """Connect; each address of the server and each of its answers gets at most half of the time."""
        self.timeout = min(self.timeout or self.within, self.within / 2)
        return super().open()


class _Clocked(_Base):
    def __init__(self, *args: Any, within: float, **options: Any) -> None:
        self._is_over = self._is_handed_over = False
        self._clock = Timer(within, self._cut)
        self._clock.daemon = True
        self._clock.start()
        try:
            super().__init__(*args, **options)
        except BaseException:
            self.close()
            raise

    def _cut(self) -> None:
        self._is_over = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                # Shut the socket below TLS, whose own farewell would wait for the server.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def getreply(self) -> tuple[int, bytes]:
        # The time may have run out before there was a socket to shut.
        if self._is_over:
            self.close()
            raise smtplib.SMTPServerDisconnected
        code, text = super().getreply()
        self._is_handed_over = code == _HANDED_OVER
        return code, text

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            return super().data(msg)
        except smtplib.SMTPServerDisconnected as error:
            if self._is_handed_over:
                raise MaybeSent(str(error)) from error
            raise

    def close(self) -> None:
        self._clock.cancel()
        super().close()


class _Plain(_Clocked, smtplib.SMTP):
    pass


class _Tls(_Clocked, smtplib.SMTP_SSL):
    pass
