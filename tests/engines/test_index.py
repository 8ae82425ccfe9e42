"""Names and networks against a naive reading of the rules (docs/contract.md 1)."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.scanning.engines.index import Index

LABEL = st.sampled_from(["a", "b", "ab", "evil", "notevil", "e", "_x"])
NAME = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
ITEM = st.builds(Indicator, NAME, st.just(Kind.DOMAIN), st.sampled_from(list(Scope)))


def _covers(item: Indicator, name: str) -> bool:
    labels, listed = name.split("."), item.value.split(".")
    if labels == listed:
        return item.scope is not Scope.SUBDOMAINS_ONLY
    below = len(labels) > len(listed) and labels[len(labels) - len(listed) :] == listed
    return below and item.scope is not Scope.EXACT


@given(st.lists(ITEM, max_size=12), st.lists(LABEL, min_size=1, max_size=6).map(".".join))
def test_the_longest_item_that_covers_a_name_is_found(items: list[Indicator], name: str) -> None:
    indicators = IndicatorSet(items)
    covering = [i for i in indicators if _covers(i, name)]
    wanted = max(covering, key=lambda i: len(i.value), default=None)
    assert Index(indicators).name(name) == wanted


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(20, 32)), max_size=12),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_the_longest_network_around_an_address_is_found(
    networks: list[tuple[int, int]], number: int, inside: bool
) -> None:
    nets = [ipaddress.IPv4Network((n, length), strict=False) for n, length in networks]
    if inside and nets:
        number = int(nets[0].network_address) + number % nets[0].num_addresses
    found = ipaddress.IPv4Address(number)
    items = [Indicator(str(n), Kind.CIDR) for n in nets if n.prefixlen < 32]
    covering = [n for n in nets if n.prefixlen < 32 and found in n]
    wanted = max(covering, key=lambda n: n.prefixlen, default=None)
    hit = Index(IndicatorSet(items)).address(str(found))
    assert (hit[0].value if hit else None) == (str(wanted) if wanted else None)


def test_an_endless_name_is_looked_up_from_its_end() -> None:
    index = Index(IndicatorSet([Indicator("evil.example", Kind.DOMAIN)]))
    assert index.name("a." * 40_000 + "evil.example") is not None
    assert index.name("a" * 40_000 + "evil.example") is None
