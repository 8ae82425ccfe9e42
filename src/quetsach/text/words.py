"""Figures, times and words of the wire format for screen and paper, in the language in use."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from quetsach.text.language import code, gettext_noop, ngettext, size_in
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

type Say = Callable[[str], str]

_HIDDEN = "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"


def visible(text: str) -> str:
    """`text` with control, bidirectional and other hidden characters escaped, as in evidence."""
    if text.isprintable():
        return text  # most texts are, and compiling the expression is slow
    return re.sub(_HIDDEN, lambda found: _escape(ord(found[0])), text)


def _escape(point: int) -> str:
    if 0xDC80 <= point <= 0xDCFF:
        point -= 0xDC00
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{{{point:x}}}"


def command_line(words: Iterable[str]) -> str:
    """Words in the spelling of this machine's shell, to copy."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(list(words))
    import shlex

    return shlex.join(words)


def number(value: int) -> str:
    """1.234 in Vietnamese, 1,234 in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if code() == "vi" else text


def size(value: float) -> str:
    """A number of bytes in decimal units, as in file managers."""
    return size_in(code(), value)


def moment(time: str | None, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """A wire time as dd/mm/yyyy HH:MM in `zone`; empty for none."""
    local = clock(time, zone)
    return local.strftime("%d/%m/%Y %H:%M:%S" if seconds else "%d/%m/%Y %H:%M") if local else ""


def clock(time: str | None, zone: ZoneInfo) -> datetime | None:
    """A wire time as an aware time in `zone`; None for no time, or a time outside the calendar."""
    try:
        return datetime.fromisoformat(time).astimezone(zone) if time else None
    except (ValueError, OverflowError):
        return None


def span(first: str | None, last: str | None, zone: ZoneInfo) -> str:
    """`from … to …`, shortened where both are in the same minute or day."""
    start, end = moment(first, zone), moment(last, zone)
    if not start or not end:
        return _("time unknown")
    if start == end:
        return _("at %(time)s") % {"time": start}
    if start[:10] == end[:10]:
        return _("from %(start)s to %(end)s") % {"start": start, "end": end[11:]}
    return _("from %(start)s to %(end)s") % {"start": start, "end": end}


def least(times: Iterable[str | None]) -> str | None:
    """The earliest of some wire times."""
    return min(filter(None, times), default=None)


def greatest(times: Iterable[str | None]) -> str | None:
    """The latest of some wire times."""
    return max(filter(None, times), default=None)


def defanged(value: str) -> str:
    """An indicator that nobody can click by mistake: `evil[.]example/gate.php`."""
    host, slash, path = value.partition("/")
    return host.replace(".", "[.]") + slash + path


def zone_name(zone: ZoneInfo) -> str:
    """The zone of shown times, in words."""
    return _("Vietnam time") if zone.key == "Asia/Ho_Chi_Minh" else zone.key


_ACTIONS = {
    "allowed": gettext_noop("went through"),
    "blocked": gettext_noop("was blocked"),
    "attempt": gettext_noop("tried, no answer"),
    "unknown": gettext_noop("outcome unknown"),
}
_FIELDS = {
    "query": gettext_noop("name asked for (DNS)"),
    "host": gettext_noop("web server"),
    "server_name": gettext_noop("server name (TLS)"),
    "url": gettext_noop("web address"),
    "answer": gettext_noop("answer (DNS)"),
    "destination": gettext_noop("destination address"),
    "text": gettext_noop("somewhere in the line"),
}
_KINDS = {
    "domain": gettext_noop("domain"),
    "ipv4": gettext_noop("IPv4 address"),
    "ipv6": gettext_noop("IPv6 address"),
    "cidr": gettext_noop("network"),
    "ip-port": gettext_noop("address and port"),
    "url": gettext_noop("web address"),
}
_FORMATS = {"text": gettext_noop("plain text"), "binary": gettext_noop("binary data")}
_IDENTITY = {
    "host": gettext_noop("machine name"),
    "mac": gettext_noop("hardware address (MAC)"),
    "user": gettext_noop("user"),
    "nat": gettext_noop("address after translation (NAT)"),
}


def action(word: str, say: Say = _) -> str:
    """The outcome of a connection. `say` translates; the default speaks the language of the process."""
    return say(_ACTIONS[word]) if word in _ACTIONS else word


def field(word: str, say: Say = _) -> str:
    """The place of the indicator in the log line."""
    return say(_FIELDS[word]) if word in _FIELDS else word


def kind(word: str, say: Say = _) -> str:
    """The kind of an indicator."""
    return say(_KINDS[word]) if word in _KINDS else word


def identity(word: str, say: Say = _) -> str:
    """What the log line says of a machine beside its address."""
    return say(_IDENTITY[word]) if word in _IDENTITY else word


def way(word: str) -> str:
    """A way around the place that watches, by its kind."""
    return {
        "doh": _("DNS over HTTPS"),
        "dot": _("DNS over TLS"),
        "doq": _("DNS over QUIC"),
        "relay": _("relay"),
        "vpn": _("VPN"),
        "proxy": _("proxy"),
        "dns": _("foreign resolver"),
    }.get(word, word)


def time_note(word: str) -> str:
    """A note on the times of one log; empty when nothing is odd."""
    return {
        "assumed_year": _("year assumed"),
        "suspect": _("times look wrong"),
        "none": _("no times"),
    }.get(word, "")


def logformat(name: str, say: Say = _) -> str:
    """The name of a log format as people know it."""
    return say(_FORMATS[name]) if name in _FORMATS else name


def files(count: int) -> str:
    """The count with the word "file" or "files"."""
    return ngettext("%(n)s file", "%(n)s files", count) % {"n": number(count)}


def machines(count: int) -> str:
    """The count with the word "machine" or "machines"."""
    return ngettext("%(n)s machine", "%(n)s machines", count) % {"n": number(count)}


def lines(count: int) -> str:
    """The count with the word "line" or "lines"."""
    return ngettext("%(n)s line", "%(n)s lines", count) % {"n": number(count)}
