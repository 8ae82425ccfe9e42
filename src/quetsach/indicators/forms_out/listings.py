"""Lists of one value a line: our own plain list, and the external lists of firewalls."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.indicators.forms_out.form import (
    ADDRESSES,
    EVERYTHING,
    N_,
    NAMES,
    Form,
    Job,
    Shape,
    behind,
    one_word,
    spelled,
)
from quetsach.indicators.indicator import Indicator, Scope

FORTIGATE_ENTRIES = 131_072
"""Entries of one list that FortiOS before 7.4.4 takes (community.fortinet.com, article 378964)."""


def _plain(job: Job) -> Iterator[str]:
    """`*.x` subdomains only, `=x` exact, otherwise with subdomains; a comment behind what many use."""
    yield from job.header("#")
    yield from (f"{spelled(one)}{behind(job, one)}\n" for one in job.items)


def _values(job: Job) -> Iterator[str]:
    """No header: PAN-OS takes comments only behind a value."""
    return (f"{one.value}\n" for one in job.items)


def _names(job: Job) -> Iterator[str]:
    """A bare name covers only itself, `*.x` all names below it."""
    for one in job.items:
        if one.scope is not Scope.SUBDOMAINS_ONLY:
            yield f"{one.value}\n"
        if one.scope is not Scope.EXACT:
            yield f"*.{one.value}\n"


def _plain_refuses(one: Indicator) -> str:
    return "" if one.value.isprintable() and not any(map(str.isspace, one.value)) else "characters"


def _url(one: Indicator) -> str:
    # For both firewalls `*` is a wildcard, and for PAN-OS `^` too: unescaped they would block more.
    return "characters" if "*" in one.value or "^" in one.value else one_word(one)


PLAIN = Form(
    "plain",
    N_("one entry a line, for this scanner: =x exact, *.x below x"),
    _plain,
    EVERYTHING,
    blocks=False,
    refuse=_plain_refuses,
    suffixes=(".txt",),
)
IP_LIST = Form(
    "ip-list",
    N_("addresses and networks, one a line: external lists of FortiGate and Palo Alto"),
    _values,
    ADDRESSES,
    blocks=True,
    most=FORTIGATE_ENTRIES,
)
DOMAIN_LIST = Form(
    "domain-list",
    N_("names, one a line, with *. for what is below: external lists of FortiGate and Palo Alto"),
    _names,
    NAMES,
    blocks=True,
    most=FORTIGATE_ENTRIES,
)
URL_LIST = Form(
    "url-list",
    N_("web addresses without http://, one a line: external lists of FortiGate and Palo Alto"),
    _values,
    frozenset((Shape.URL,)),
    blocks=True,
    refuse=_url,
    most=FORTIGATE_ENTRIES,
)
