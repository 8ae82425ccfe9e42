"""The reports of probes: plain facts, each of a kind with a fixed set of fields, and what could not be
seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from quetsach.errors import QuetsachError
from quetsach.text.escape import escape

_LONGEST = 500
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of UTF-16 pairs that stand alone, possible in names on Windows; not bytes by PEP 383."""

FACTS: Mapping[str, tuple[str, ...]] = {
    # The first field is the fact's subject: two findings on one subject are not independent.
    "account": ("name", "place"),
    "autostart": ("command", "place", "name", "target"),
    "command-run": ("command", "program", "where", "time"),
    "called-script": ("path", "place"),
    "config-line": ("text", "file", "name"),
    "connection": ("address", "port", "process", "program", "signer", "state"),
    "cron": ("command", "place"),
    "dns-server": ("address", "place"),
    "drive": ("root", "kind"),
    "executed": ("name", "path", "where", "time"),
    "exclusion": ("value", "kind", "place"),
    "exclusion-added": ("value", "time"),
    "log-cleared": ("log", "time", "is_setup"),
    "file": ("path", "name", "folder", "type", "signature", "rule", "listed", "family"),
    "key-login": ("text", "where", "command"),
    "firewall-off": ("network",),
    "firewall-rule": ("name", "action", "direction", "program", "port"),
    "firmware-licence": ("edition", "running", "channel"),
    "folder": ("path",),
    "hash-seen": ("hash", "path", "where", "time"),
    "hosts-line": ("name", "address", "file", "line", "lines"),
    "installed": ("name", "version", "publisher"),
    "kms-host": ("host", "place"),
    "kms-request": ("host", "time"),
    "licence": ("name", "description", "status", "grace", "key", "channel"),
    "listener": ("port", "process", "program", "signature"),
    "name-seen": ("name", "where", "time"),
    "pam": ("module", "place", "arguments"),
    "preload": ("library", "place"),
    "process": ("program", "name", "command", "pid", "is_deleted"),
    "protection-off": ("what", "time", "is_back"),
    "proxy": ("value", "place"),
    "registry": ("key", "name", "value"),
    "script-line": ("text", "where", "time"),
    "service": ("name", "image", "library", "start", "type", "command"),
    "setting": ("value", "name", "place"),
    "shortcut": ("place", "name", "command", "target", "drive"),
    "service-added": ("name", "image", "time"),
    "startup-line": ("text", "place"),
    "system": ("name", "version", "supported_until", "is_supported"),
    "task": ("path", "name", "folder", "command", "arguments", "is_hidden"),
    "threat": ("name", "path", "is_stopped", "outcome", "time", "detection"),
    "transfer": ("url", "name", "time"),
    "unit": ("command", "place", "name"),
    "url-seen": ("url", "where", "time"),
    "wmi-consumer": ("command", "name", "kind"),
}
"""Kind of fact → its fields. All values are text, numbers in decimals, truths as `yes` or `no`."""


def safe(text: str) -> str:
    """Text from the machine, made safe to show and to keep."""
    told = _HALF.sub(lambda half: f"\\u{{{ord(half[0]):x}}}", text)
    return escape(told.encode("utf-8", "surrogateescape"), _LONGEST)


class Unavailable(QuetsachError):
    """Something cannot be looked at here; `reason` is one of `REASONS`, `detail` says more."""

    code = "unavailable"

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@contextmanager
def unbroken(where: str) -> Iterator[None]:
    """Turn every error in this block into `Unavailable`: a hostile machine may break one look, never the
    check."""
    try:
        yield
    except Unavailable:
        raise
    except BaseException as error:
        # A panic in a Rust library is no Exception to Python.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise Unavailable("failed", where) from error
        raise


REASONS: Mapping[str, str] = {
    "not_running": "only a running system shows this",
    "other_system": "this kind of system has no such thing",
    "no_permission": "needs administrator rights",
    "locked": "is locked (BitLocker); unlock it, then check again",
    "other_machine": "belongs to another machine, or is a disc; it was not looked at",
    "raw": "holds nothing that Windows can read, such as a partition of Linux; it was not looked at",
    "missing": "is not there",
    "elsewhere": "is a link to something that this disk does not hold; look at the disk that does, too",
    "no_registry": "the registry of this Windows is not there",
    "no_accounts": "the list of accounts of this Linux is not there",
    "not_mounted": "belongs to another partition, which is not part of this folder",
    "too_deep": "holds commands encoded in each other, more than this check decodes",
    "encoded": "is an encoded script, which this check does not decode",
    "damaged": "is damaged and cannot be read",
    "unplaced": "names a file without telling where it lies; look at what it starts by hand",
    "unsettled": (
        "was not written wholly, so its newest changes are not seen; start that Windows, shut it down,"
        " then check again"
    ),
    "signed_out": (
        "belongs to a person who is not signed in, and was not written wholly, so its newest changes are not"
        " seen; check again while they are signed in"
    ),
    "too_large": "is larger than this check reads",
    "too_long": "has a path that is too long, or lies too deep, to be opened here",
    "no_reader": "a component of the check is missing",
    "not_asked": "was not asked for",
    "no_list": "no list of the campaign was given",
    "failed": "the system gave no answer",
    "interrupted": "the check was stopped before",
}
"""Why something was not checked, as stable codes; English texts for the catalogues."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing seen on the machine; `fields` are the fields that `FACTS` lists for the kind."""

    kind: str
    fields: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The value of the first field, in lower case."""
        return self.fields[FACTS[self.kind][0]].casefold()


def fact(kind: str, /, **fields: object) -> Fact:
    """A fact whose missing fields are empty.

    Raises:
        KeyError: the kind does not exist or has no such field; a mistake in a probe.
    """
    values = dict.fromkeys(FACTS[kind], "")
    for name, value in fields.items():
        if name not in values:
            raise KeyError(f"{kind} has no field {name}")
        values[name] = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return Fact(kind, values)


class State(StrEnum):
    """Whether a probe could look. `NOT_CHECKED` is never shown as clean."""

    OK = "ok"
    EMPTY = "empty"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a probe that could not be seen: a reason of `REASONS`, and the place."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """The answer of one probe: `items` are its facts, `gaps` the parts that it could not see.

    `has_unread`: a registry value that was asked for could not be read wholly. Then no verdict is clean, also
    where the probe is not essential.
    """

    state: State
    items: Sequence[Fact] = ()
    gaps: Sequence[Gap] = field(default_factory=tuple)
    has_unread: bool = False

    @classmethod
    def of(cls, items: Sequence[Fact], gaps: Sequence[Gap] = ()) -> Observed:
        """`ok` or `empty` by the facts; `not_checked` where there are gaps and no facts."""
        if gaps and not items:
            return cls(State.NOT_CHECKED, (), gaps)
        return cls(State.OK if items else State.EMPTY, items, gaps)

    @classmethod
    def not_checked(cls, reason: str, detail: str = "") -> Observed:
        """The answer of a probe that could not look at all."""
        return cls(State.NOT_CHECKED, (), (Gap(reason, detail),))

    @property
    def is_whole(self) -> bool:
        """Whether the probe saw everything."""
        return self.state is not State.NOT_CHECKED and not self.gaps
