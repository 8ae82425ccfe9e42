"""Look-ups among many blocks and names agree with a search through all of them."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from quetsach.indicators.guards import index
from quetsach.indicators.guards.blocks import Block, Ranges
from quetsach.indicators.guards.index import Index, packed
from quetsach.indicators.guards.names import Names
from quetsach.indicators.guards.warninglists import How, WarningList

ADDRESSES = st.integers(0, 255).map(lambda n: f"203.0.113.{n}") | st.integers(0, 255).map(
    "2001:db8::{:x}".format
)


def network(address: str, bits: int) -> str:
    longest = 128 if ":" in address else 32
    return str(ipaddress.ip_network(f"{address}/{longest - bits}", strict=False))


NETWORKS = st.builds(network, ADDRESSES, st.integers(0, 8)) | ADDRESSES


@given(st.lists(NETWORKS, max_size=12), NETWORKS)
def test_the_first_added_block_that_overlaps_is_told(listed: list[str], asked: str) -> None:
    ranges = Ranges.of((Block.of(one), number) for number, one in enumerate(listed))
    wanted = ipaddress.ip_network(asked)
    overlapping = [
        number
        for number, one in enumerate(map(ipaddress.ip_network, listed))
        if one.version == wanted.version and one.overlaps(wanted)  # type: ignore[arg-type]
    ]
    first = overlapping[0] if overlapping else None
    assert ranges.overlap(Block.of(asked)) == first
    lists = [WarningList(f"list {number}", "", "", How.RENTED, (one,)) for number, one in enumerate(listed)]
    block, ranks = Block.of(asked), range(len(lists))
    assert Index(packed(lists)).ranges(How.RENTED, block.version, ranks).overlap(block) == first


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


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=6), NAMES, st.booleans())
def test_of_packed_names_the_first_list_is_told(
    listed: list[tuple[str, bool]], asked: str, covers: bool
) -> None:
    entries = (f".{name}" if below else name for name, below in listed)
    lists = [WarningList(entry, "", "", How.SPELLED, (entry,)) for entry in entries]
    made, ranks = Index(packed(lists)), range(len(lists))
    names = Names(*(made.names(section, ranks) for section in ("on", "below", "above")))
    under = {n: at for at, (n, below) in reversed(list(enumerate(listed))) if below}
    on = [at for at, (name, below) in enumerate(listed) if name == asked and not below]
    over = [at for at, (name, _below) in enumerate(listed) if covers and name.endswith(f".{asked}")]
    labels = asked.split(".")
    nearest = (under.get(".".join(labels[cut:])) for cut in range(len(labels)))
    told = [at for at in nearest if at is not None][:1] or on[:1] or over[:1]
    assert names.find(asked, covers=covers) == (told[0] if told else None)


def test_every_name_that_comes_with_the_program_is_found_and_no_other() -> None:
    """Each table is longer than the block that a look-up searches at once."""
    shipped = index.shipped()
    ranks = range(len(shipped.lists))
    for section in ("on", "below", "above"):
        table = shipped.names(section, ranks)
        names = set(table)
        assert len(names) > 1000
        assert all(table.get(name) is not None for name in names)
        near = {f"{name}a" for name in names} | {name[:-1] for name in names}
        assert all(table.get(name) is None for name in near - names)
