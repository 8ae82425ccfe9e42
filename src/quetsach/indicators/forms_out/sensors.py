"""Lists for sensors that watch a network: Zeek, Maltrail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.indicators.forms_out.form import (
    ADDRESSES,
    N_,
    Form,
    Job,
    Shape,
    behind,
    endpoint_parts,
    one_line,
    one_word,
)
from quetsach.indicators.indicator import Indicator, Kind

_ZEEK_TYPES = {
    Kind.DOMAIN: "Intel::DOMAIN",
    Kind.IPV4: "Intel::ADDR",
    Kind.IPV6: "Intel::ADDR",
    Kind.CIDR: "Intel::SUBNET",
    Kind.URL: "Intel::URL",
}
_PATTERN = re.compile(r"[\[\](){}*+^$|\\?#]")


def _zeek(job: Job) -> Iterator[str]:
    """Tabs between, `-` for nothing; whole names and whole URLs match (Zeek, intelligence framework)."""
    yield from job.header("#")
    yield "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
    for one in job.items:
        family = one_line(one.family).replace("\\", "/")
        about = "; ".join(filter(None, (family, job.note(one)))) or "-"
        yield f"{one.value}\t{_ZEEK_TYPES[one.kind]}\tquetsach\t{about}\n"


def _zeek_refuses(one: Indicator) -> str:
    # Zeek reads a backslash as the start of an escape.
    return "characters" if "\\" in one.value else one_word(one)


def _maltrail(job: Job) -> Iterator[str]:
    """Custom trails: names with all names below them, addresses, endpoints, host and path.

    Maltrail cuts off what stands behind ` #`.
    """
    yield f"# Reference: quetsach {job.set_id}\n"
    yield from job.header("#")
    yield from (f"{one.value}{behind(job, one)}\n" for one in job.items)


def _maltrail_refuses(one: Indicator) -> str:
    if one.kind is Kind.IP_PORT:
        return "characters" if ":" in endpoint_parts(one.value)[0] else ""
    # Maltrail would take such a line for a regular expression, and cuts queries off before it compares.
    return "characters" if _PATTERN.search(one.value) else one_word(one)


ZEEK = Form(
    "zeek.intel",
    N_("intelligence file of Zeek"),
    _zeek,
    ADDRESSES | {Shape.EXACT},
    blocks=False,
    narrowed=frozenset((Shape.DOMAIN, Shape.URL)),
    refuse=_zeek_refuses,
    suffixes=(".intel",),
    keeps_family=True,
)
MALTRAIL = Form(
    "maltrail",
    N_("custom trails of Maltrail"),
    _maltrail,
    frozenset((Shape.DOMAIN, Shape.IPV4, Shape.IPV6, Shape.IP_PORT)),
    blocks=False,
    narrowed=frozenset((Shape.URL,)),
    refuse=_maltrail_refuses,
    suffixes=(".trails",),
)
