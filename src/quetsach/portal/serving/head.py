"""The checks of a request's head (RFC 9112): a head that two servers could read in two ways is refused.

waitress drops header fields with an underscore in their name, which WSGI could not distinguish from a hyphen;
it also refuses bare line ends, unknown transfer codings and lengths that are no number. A target must be a
path, or a whole address of the host in the Host field: this server needs no other form.
"""

from __future__ import annotations

import re

from waitress.parser import HTTPRequestParser, ParsingError

from quetsach.portal.serving.bounds import HEAD_FIELDS, IN_MEMORY
from quetsach.portal.serving.spool import RoomFull, Spooled

# waitress's own expressions take minutes for a long line that just does not fit, and seconds for a field with
# a control character: both are refused before.
_FIRST_LINE = re.compile(rb"[A-Z]{1,20} [^\x00-\x20\x7f]+ HTTP/1\.[01]")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLDED = re.compile(rb"\n[ \t]")
_FRAMING = re.compile(rb"^(content-length|transfer-encoding|host):([^\r\n]*)", re.I | re.M)


class Refusal:
    """The reason of a refusal, as its status. waitress's own errors have a `code`, too."""

    def __init__(self, code: int) -> None:
        self.code = code


class Request(HTTPRequestParser):  # type: ignore[misc]
    """One request as it comes in. A request with an `error` is answered with that error."""

    def received(self, data: bytes) -> int:
        """Process received bytes; returns how many of them belong to this request."""
        try:
            consumed = int(super().received(data))
        except RoomFull:
            return self._refuse(503, data)
        except OSError:
            return self._refuse(507, data)
        if self.chunked and self.error is None and self._is_mostly_framing():
            return self._refuse(400, data)
        if self.error is not None or self.body_rcv is None:
            # Do not ask the client for a body that is absent or will not be read.
            self.expect_continue = False
        return consumed

    def refuse(self, code: int) -> None:
        """Stop reading the request, and drop its bytes."""
        self.error, self.completed, self.expect_continue = Refusal(code), True, False
        self.close()

    def _refuse(self, code: int, data: bytes) -> int:
        self.refuse(code)
        return len(data)

    def _is_mostly_framing(self) -> bool:
        """Whether the body's pieces are so small, or their lengths so long, that framing is most of it."""
        content = len(self.body_rcv) if self.body_rcv is not None else 0
        return bool(self.body_bytes_received - content > IN_MEMORY + content // 4)

    def _is_for_us(self, target: bytes) -> bool:
        """Whether the target is a path, or its host equals the Host field (RFC 9112, 3.2)."""
        if target.startswith(b"/"):
            return True
        host = self.headers.get("HOST", "").casefold()
        is_whole = self.proxy_scheme in ("http", "https") and bool(host)
        return is_whole and self.proxy_netloc.casefold() == host

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the whole head. Raises ParsingError, and the answer is then 400."""
        first, _, fields = header_plus.partition(b"\r\n")
        if not _FIRST_LINE.fullmatch(first):
            raise ParsingError("first line")
        if fields.count(b"\n") > HEAD_FIELDS or _FOLDED.search(header_plus) or _CONTROL.search(fields):
            raise ParsingError("too many fields, one over several lines, or a control character")
        framing = [(name.lower(), value.strip(b" \t").lower()) for name, value in _FRAMING.findall(fields)]
        names = [name for name, _value in framing]
        if len(names) != len(set(names)) or {b"content-length", b"transfer-encoding"} <= set(names):
            raise ParsingError("length or host told twice")
        if any(name == b"transfer-encoding" and value != b"chunked" for name, value in framing):
            raise ParsingError("transfer coding")
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # an address with half a bracket, a length of thousands of digits
            raise ParsingError("address or length") from error
        if "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("a transfer coding in HTTP/1.0")
        if self.version == "1.1" and "HOST" not in self.headers:
            raise ParsingError("no host")
        if not self._is_for_us(first.split(b" ")[1]):
            raise ParsingError("target")
        if self.body_rcv is not None:
            self.body_rcv.buf = Spooled(self.adj.room)
