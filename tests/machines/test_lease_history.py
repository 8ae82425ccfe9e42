"""Leases as a table with history: later rows end leases and rewrite none of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from quetsach.files import inputs
from quetsach.machines.leases import history, naming
from quetsach.machines.leases.leaseformat import Event

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
HEAD = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
)
DUID = "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:0a"
NINE = 1795489200  # 2026-11-24T03:00:00Z


def at(clock: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-24T{clock}").replace(tzinfo=UTC).timestamp()) * 1_000_000


def row(mac: str, begin: int, length: int, state: int = 0, address: str = "10.0.0.5", host: str = "") -> str:
    return f"{address},{mac},,{length},{begin + length},1,0,0,{host},{state},\n"


def holder(book: naming.Leases, clock: str, address: str = "10.0.0.5") -> str | None:
    lease = book.find(address, at(clock))
    return lease.mac if lease else None


def gathered(folder: Path, written: str, **files: str) -> naming.Leases:
    when = at(written) / 1_000_000
    for name, content in files.items():
        path = folder / name.replace("__", ".").replace("_", "-")
        path.write_text(HEAD + content)
        os.utime(path, (when, when))
    return naming.gather(inputs.Inputs(), [folder / "kea-leases4.csv"], "UTC")


def test_a_release_of_kea_ends_the_lease_and_leaves_its_beginning(tmp_path: Path) -> None:
    """Given at 03:00 for four hours, given back some time before the file was written at 05:00."""
    for state in (0, 3):
        book = gathered(tmp_path, "05:00:00", kea_leases4__csv=row(A, NINE, 14400) + row(A, NINE, 0, state))
        assert holder(book, "02:59:59") is None
        assert holder(book, "03:00:00") == holder(book, "04:30:00") == A
        assert holder(book, "05:00:01") is None


def test_a_quote_in_a_name_costs_no_lease_of_kea(tmp_path: Path) -> None:
    rows = row(A, NINE, 7200, host='"pc-a') + row(B, NINE, 7200, address="10.0.0.6") * 60
    book = gathered(tmp_path, "04:00:00", kea_leases4__csv=rows)
    assert (holder(book, "03:30:00"), holder(book, "03:30:00", "10.0.0.6")) == (A, B)


def test_a_release_ends_at_the_next_clients_time_and_at_most_at_the_old_expiry(tmp_path: Path) -> None:
    rows = row(A, NINE, 7200) + row(A, NINE, 0) + row(B, NINE + 5400, 7200)
    book = gathered(tmp_path, "12:00:00", kea_leases4__csv=rows)
    assert holder(book, "04:29:59") == A
    assert holder(book, "04:30:00") == holder(book, "06:29:00") == B
    rows = row(A, NINE, 3600) + row(A, NINE, 0)
    book = gathered(tmp_path, "12:00:00", kea_leases4__csv=rows)
    assert (holder(book, "03:59:00"), holder(book, "04:01:00")) == (A, None)


def test_what_another_machine_gives_back_late_ends_no_lease(tmp_path: Path) -> None:
    """B gives the address back an hour after A got it for four hours."""
    rows = row(B, NINE - 7200, 3600) + row(A, NINE, 14400) + row(B, NINE + 3600, 0)
    book = gathered(tmp_path, "05:00:00", kea_leases4__csv=rows)
    assert [holder(book, clock) for clock in ("03:30:00", "04:00:00", "06:59:00", "07:01:00")] == [
        A,
        A,
        A,
        None,
    ]


def test_the_files_beside_keas_are_its_history(tmp_path: Path) -> None:
    """After a clean-up of the lease file, the row that gave the lease lies in `.2`, the release in `.1`."""
    book = gathered(
        tmp_path,
        "09:00:00",
        kea_leases4__csv__2=row(A, NINE, 14400, host="pc-a"),
        kea_leases4__csv__1=row(A, NINE, 0),
        kea_leases4__csv__completed=row(B, NINE - 7200, 3600),
        kea_leases4__csv=row(B, NINE + 10800, 3600),
        other__csv__2=row("02:00:00:00:00:0f", NINE + 60, 14400),
    )
    clocks = ("01:30:00", "02:30:00", "05:59:00", "06:30:00", "07:30:00")
    assert [holder(book, clock) for clock in clocks] == [B, None, A, B, None]


def test_a_release_alone_names_only_its_second(tmp_path: Path) -> None:
    """How long the lease had been in force stands in no file."""
    book = gathered(tmp_path, "09:00:00", kea_leases4__csv=row(A, NINE, 0))
    assert (holder(book, "03:00:00"), holder(book, "03:00:01")) == (A, None)


def test_a_declined_address_belongs_to_nobody_at_once(tmp_path: Path) -> None:
    rows = row(A, NINE, 14400) + row("", NINE + 60, 86400, state=1)
    book = gathered(tmp_path, "09:00:00", kea_leases4__csv=rows)
    assert (holder(book, "03:00:30"), holder(book, "03:01:01")) == (A, None)


def test_a_delegated_prefix_is_no_address_of_a_machine(tmp_path: Path) -> None:
    head = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,"
    path = tmp_path / "kea-leases6.csv"
    path.write_text(
        f"{head}fqdn_rev,hostname,hwaddr,state\n"
        f"2001:db8:1::,{DUID},7200,{NINE + 7200},1,3600,2,7,56,0,0,,{A},0\n"
        f"2001:db8::5,{DUID},7200,{NINE + 7200},1,3600,0,7,128,0,0,,{A},0\n"
    )
    book = naming.gather(inputs.Inputs(), [path], "UTC")
    assert holder(book, "03:30:00", "2001:db8:1::") is None
    assert holder(book, "03:30:00", "2001:db8::5") == A


def test_a_machine_cannot_end_the_lease_of_another() -> None:
    """A copy of the release that comes late, behind the next machine's lease."""
    given_, stale = Event("10.0.0.5", 200, B, until=900), Event("10.0.0.5", 300, of=A)
    assert history.holders([stale, given_]) == [given_]
    assert history.holders([given_, Event("10.0.0.5", 300, of=B)])[-1].mac is None
    assert history.holders([given_, Event("10.0.0.5", 300)])[-1].mac is None


events = st.builds(
    Event,
    st.just("10.0.0.5"),
    st.integers(0, 6),
    st.sampled_from([None, A, B, ""]),
    st.sampled_from(["", "pc"]),
    st.one_of(st.none(), st.integers(0, 9)),
    st.sampled_from(["", "00:01:02"]),
    st.sampled_from(["", A, B]),
    st.booleans(),
)


@given(st.lists(events, max_size=8), st.randoms())
def test_no_order_of_files_and_no_second_reading_changes_the_holders(
    told: list[Event], random: object
) -> None:
    shuffled = [*told, *told[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert history.holders(shuffled) == history.holders(told)
    times = [event.at for event in history.holders(told)]
    assert times == sorted(times)
