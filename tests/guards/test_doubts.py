"""Doubts about a few indicators with sightings agree with the rails that judge whole lists."""

from __future__ import annotations

import random
from ipaddress import IPv4Address

import pytest

from quetsach.indicators import guard
from quetsach.indicators.guards import index
from quetsach.indicators.guards.warninglists import How
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope

TAILS = {Kind.IPV4: "", Kind.IP_PORT: ":443", Kind.CIDR: "/23", Kind.URL: "/a"}


def near_names(draw: random.Random, entry: str) -> Indicator:
    name = entry.removeprefix(".")
    name = draw.choice((name, f"a.{name}", f"x{name}", f"{name}x", name.partition(".")[2] or name))
    return Indicator(name, Kind.DOMAIN, draw.choice((Scope.WITH_SUBDOMAINS, Scope.SUBDOMAINS_ONLY)))


def near_addresses(draw: random.Random, entry: str) -> Indicator:
    address = entry.partition("/")[0]
    if ":" in address:
        return Indicator(address, Kind.IPV6)
    kind, tail = draw.choice(list(TAILS.items()))
    return Indicator(f"{address}{tail}", kind)


@pytest.mark.parametrize("seed", range(3))
def test_the_quick_look_says_what_the_whole_rails_warn_of(seed: int) -> None:
    draw, lists = random.Random(seed), index.shipped()
    ranks = range(len(lists.lists))
    names = [name for section in ("on", "below") for name in lists.names(section, ranks)]
    spans = [span for how in How if how.is_address for span in lists.ranges(how, 4, ranks).spans()]
    addresses = [str(IPv4Address(first)) for first, _last in spans] + ["2620:1ec:c11::200", "2606:4700::1"]
    seen = [near_names(draw, entry) for entry in draw.sample(names, 60)]
    seen += [near_addresses(draw, entry) for entry in draw.sample(addresses, 60)]
    by_value = {one.value: one for one in seen}
    judged = guard.apply(IndicatorSet(by_value.values()))
    known = ("well-known", "shared", "rented", "wide", "placeholder")
    judgement = {one.indicator.canonical: one for one in (*judged.stopped, *judged.warned)}
    wanted = {name: one.reason for name, one in judgement.items() if one.code in known}
    doubts = guard.doubts(one.canonical for one in by_value.values())
    assert len(wanted) > 20
    # Stronger rails may stop an entry first: a public suffix, a private address.
    told = {n: one.reason for n, one in doubts.items() if n not in judgement or judgement[n].code in known}
    assert told == wanted


def test_a_front_door_of_microsoft_is_doubtful_and_malware_is_not() -> None:
    doubts = guard.doubts(("204.79.197.200:443", "cdata.tvnet.hu", "198.51.100.7", "204.79.197.200/a.exe"))
    assert list(doubts) == ["204.79.197.200:443"]
    assert "Microsoft" in doubts["204.79.197.200:443"].reason
