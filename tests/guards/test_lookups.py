"""Look-ups among many blocks and names agree with a walk over all of them."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from quetsach.guards.blocks import Block, Ranges
from quetsach.guards.names import Names

ADDRESSES = st.integers(0, 255).map(lambda n: f"203.0.113.{n}") | st.integers(0, 255).map(
    "2001:db8::{:x}".format
)


def network(address: str, bits: int) -> str:
    longest = 128 if ":" in address else 32
    return str(ipaddress.ip_network(f"{address}/{longest - bits}", strict=False))


NETWORKS = st.builds(network, ADDRESSES, st.integers(0, 8)) | ADDRESSES


@given(st.lists(NETWORKS, max_size=12), NETWORKS)
def test_the_first_added_block_that_overlaps_is_told(listed: list[str], asked: str) -> None:
    ranges = Ranges((Block.of(one), number) for number, one in enumerate(listed))
    wanted = ipaddress.ip_network(asked)
    overlapping = [
        number
        for number, one in enumerate(map(ipaddress.ip_network, listed))
        if one.version == wanted.version and one.overlaps(wanted)  # type: ignore[arg-type]
    ]
    assert ranges.overlap(Block.of(asked)) == (overlapping[0] if overlapping else None)


NAMES = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4).map(".".join)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=6), NAMES, st.booleans())
def test_a_name_is_on_below_or_above_at_label_borders(
    listed: list[tuple[str, bool]], asked: str, covers: bool
) -> None:
    names: Names[str] = Names()
    for name, below in listed:
        names.add(name, name, below=below)
    touched = {
        name
        for name, below in listed
        if name == asked or (below and asked.endswith(f".{name}")) or (covers and name.endswith(f".{asked}"))
    }
    found = names.find(asked, covers=covers)
    assert (found in touched) if touched else found is None
