"""A form that blocks holds nothing that many use, and a customer's name at a platform as exactly that."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from quetsach.indicators import guard, reading, writing
from quetsach.indicators.guard import Group, Organisation, Override
from quetsach.indicators.indicator import IndicatorSet, Kind

BLOCKING = {
    "hosts", "adblock", "dnsmasq", "unbound", "rpz", "ip-list", "domain-list", "url-list", "nft", "ipset",
    "mikrotik", "suricata.dataset", "suricata.ips", "suricata.iprep", "stix", "misp",
}  # fmt: skip
"""What a firewall, a resolver, a rule of Suricata or another centre may cut off; the others only search."""
MANY = (
    "google.com", "=www.google.com", "*.zalo.me", "khonggianmang.vn", "laichau.gov.vn", "com.vn",
    "windowsupdate.com", "pages.dev", "portal.example.vn", "8.8.8.8", "1.1.1.1:53", "8.8.8.0/24",
    "93.184.220.29", "72.21.81.240:80", "10.1.2.3", "103.9.200.7", "2606:4700::1111",
    "http://laichau.gov.vn/a", "http://103.9.200.7/b",
)  # fmt: skip
RENTED = ("x.pages.dev", "y.workers.dev", "z.at.ply.gg")
PLAIN = ("evil.vn", "=exact.evil.top", "45.77.10.11", "45.77.10.12:443", "45.77.11.0/24", "http://evil.vn/c")
OWN = Organisation(("portal.example.vn",), ("103.9.200.0/24",))
DAY = writing.Settings(day=date(2026, 10, 15))


@pytest.fixture(scope="module")
def kept() -> IndicatorSet:
    """The list with everything kept, each doubtful entry by a person's decision."""
    found = reading.read_text("\n".join((*MANY, *RENTED, *PLAIN)))
    assert not found.rejects
    overrides = [Override(value, "kept for the search", "An", date(2026, 10, 1)) for value in MANY]
    result = guard.apply(found.indicators, organisation=OWN, overrides=overrides, today=date(2026, 10, 15))
    assert len(result.kept) == len(found.indicators) and len(result.overridden) == len(MANY)
    return result.kept


def text_of(items: IndicatorSet, form: str) -> str:
    groups = guard.grouped(items, organisation=OWN)
    return "".join(writing.write(items, writing.by_name(form), DAY, groups).parts)


Read = Callable[[str], Iterator[str]]


def of_words(text: str) -> Iterator[str]:
    """All that looks like a name or an address, wherever it stands outside the header's comments."""
    lines = (line for line in text.splitlines() if not line.startswith(("#", "!", ";")))
    for line in lines:
        yield from re.findall(r"[\w*.:-]*[.:][\w.:-]*\w", line)


def of_base64(text: str) -> Iterator[str]:
    return (base64.b64decode(line).decode() for line in text.split())


def of_stix(text: str) -> Iterator[str]:
    for one in json.loads(text)["objects"]:
        yield from re.findall(r"'([^']*)'", one.get("pattern", ""))


def of_misp(text: str) -> Iterator[str]:
    for one in json.loads(text)["Event"]["Attribute"]:
        yield from one["value"].split("|")


READERS: dict[str, Read] = {"suricata.dataset": of_base64, "stix": of_stix, "misp": of_misp}


def test_each_form_says_whether_it_blocks() -> None:
    assert len(writing.FORMS) == 22
    assert {name for name, form in writing.FORMS.items() if form.blocks} == BLOCKING


@pytest.mark.parametrize("form", sorted(writing.FORMS))
def test_nothing_that_many_use_is_blocked(form: str, kept: IndicatorSet) -> None:
    """Read by hand, without our readers: no word of the written form is one of these names or addresses."""
    found = list(READERS.get(form, of_words)(text_of(kept, form)))
    assert found
    many = {value.lstrip("=*.").removeprefix("http://").partition("/")[0] for value in MANY}
    # Addresses with their port, as networks, and the other way round as zones spell them.
    stems = {one.rpartition(":")[0] if one.count(":") == 1 else one for one in many}
    stems |= {".".join(reversed(one.split("."))) for one in stems if one.replace(".", "").isdigit()}
    touched = {
        word
        for word in found
        for stem in stems
        if word.split("/")[0].split(",")[0].lstrip("*.") == stem
        or word.startswith((f"{stem}:", f"32.{stem}"))
        or word.endswith(f"/{stem}")
    }
    if form in BLOCKING:
        assert not touched
        # A form for other kinds holds none of them; all entries are counted one way or another.
        losses = writing.write(kept, writing.by_name(form), DAY, guard.grouped(kept, organisation=OWN)).losses
        assert losses.withheld == len(MANY)
    elif form in ("plain", "csv", "json", "suricata.rules"):
        assert touched, "kept means searched for"


READ_AS = {"domain-list": "plain", "url-list": "plain", "ip-list": "plain", "suricata.ips": "plain"}


@pytest.mark.parametrize("form", sorted(BLOCKING - {"nft", "ipset", "mikrotik", "stix", "misp"}))
def test_a_customers_name_is_blocked_as_exactly_that_name(form: str, kept: IndicatorSet) -> None:
    """Nothing wider comes back: where a form has names, each stands exactly, or is left out and counted."""
    scope = {"domain-list": "exact", "suricata.dataset": "exact"}.get(form)
    text = text_of(kept, form)
    back = reading.read_text(
        text, format=READ_AS.get(form, form), scope=reading.Scope(scope) if scope else None
    ).indicators
    names = {one.value: one.hashed for one in back if one.value in RENTED}
    assert all(hashed == f"={value}" for value, hashed in names.items())
    assert not any(f"*.{value}" in text or f"||{value}^" in text for value in RENTED)
    losses = writing.write(kept, writing.by_name(form), DAY, guard.grouped(kept, organisation=OWN)).losses
    assert losses.exactly == len(RENTED)
    if form in ("hosts", "adblock", "unbound", "rpz", "domain-list", "suricata.dataset"):
        assert set(names) == set(RENTED)


MARKED = {"plain", "csv", "json", "zeek.intel", "suricata.rules", "maltrail"}
"""Every form that only searches has room for a word beside an entry."""


@pytest.mark.parametrize("form", sorted(writing.FORMS))
def test_what_many_use_is_marked_where_it_is_written(form: str, kept: IndicatorSet) -> None:
    """Line by line: `not for blocking` stands beside each kept entry that many use, and beside no other."""
    lines = [line for line in text_of(kept, form).splitlines() if not line.startswith(("#", "!", ";"))]
    said = [line for line in lines if "not for blocking" in line]
    if form not in MARKED:
        assert not said
        return
    hosts = [value.lstrip("=*.").removeprefix("http://").partition("/")[0] for value in MANY]
    for value in hosts:
        here = [line for line in lines if re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w.-])", line)]
        assert all("not for blocking" in line for line in here)
    assert not any(value in line for line in said for value in ("evil", "45.77", *RENTED))
    assert len(said) >= (len(MANY) if form in ("plain", "csv", "json") else 5)


@pytest.mark.parametrize("form", sorted(MARKED - {"json"}))
def test_a_marked_list_is_read_back_as_it_was(form: str, kept: IndicatorSet) -> None:
    unmarked = "".join(writing.write(kept, writing.by_name(form), DAY, {}).parts)
    assert "not for blocking" not in unmarked
    back, before = (
        reading.read_text(text, format=form).indicators for text in (text_of(kept, form), unmarked)
    )
    assert [one.hashed for one in back] == [one.hashed for one in before] and len(back)


def test_other_centres_learn_the_customers_name_exactly(kept: IndicatorSet) -> None:
    attributes = json.loads(text_of(kept, "misp"))["Event"]["Attribute"]
    assert {a["type"] for a in attributes if a["value"] in RENTED} == {"hostname"}
    patterns = [one.get("pattern") for one in json.loads(text_of(kept, "stix"))["objects"]]
    assert all(f"[domain-name:value = '{value}']" in patterns for value in RENTED)


def test_a_caller_that_knows_of_no_groups_blocks_nothing_that_many_use() -> None:
    items = reading.read_text("google.com\nevil.vn\n93.184.220.29\n").indicators
    text = "".join(writing.write(items, writing.by_name("rpz"), DAY).parts)
    assert "evil.vn" in text and "google" not in text and "184.93" not in text


def test_the_groups_of_a_set_hold_whatever_a_person_decided(kept: IndicatorSet) -> None:
    groups = guard.grouped(kept, organisation=OWN)
    assert {value for (_kind, value), group in groups.items() if group is Group.RENTED} == set(RENTED)
    assert groups[Kind.DOMAIN, "google.com"] is Group.MANY
    assert not {value for _kind, value in groups} & {"evil.vn", "45.77.10.11", "45.77.11.0/24"}
