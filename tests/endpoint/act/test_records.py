"""The vault, the journal and the hives of a disk, with any content and after any damage."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quetsach.endpoint import machines
from quetsach.endpoint.act import journal, lines
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.grounds.hives import HiveSettings
from quetsach.endpoint.act.vault import Vault
from tests.endpoint.hives import Hive

NAME = "0123456789abcdef/1.kept"


@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_what_is_kept_comes_back_however_it_was_cut_into_parts(parts: list[bytes], longer: int) -> None:
    content = [one * 700 if longer == 1 else one for one in parts]
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder))
        kept = vault.put(NAME, content)
        assert b"".join(vault.get(kept)) == b"".join(content)
        assert kept["size"] == sum(map(len, content))


@given(st.binary(min_size=1, max_size=400), st.data())
@settings(max_examples=40, deadline=None)
def test_any_changed_bit_of_a_kept_copy_is_seen(content: bytes, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder))
        kept = vault.put(NAME, [content])
        place = Path(folder) / NAME
        raw = bytearray(place.read_bytes())
        # The key's unused bytes have no meaning.
        at = data.draw(st.integers(0, len(raw) - 1).filter(lambda at: not 8 + len(content) <= at < 40))
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
        place.write_bytes(raw)
        with pytest.raises(ActError) as caught:
            list(vault.get(kept))
        assert caught.value.reason == "damaged_copy"


@pytest.mark.parametrize(
    "name", ["../x.kept", "/etc/passwd", "0123456789abcdef/../1.kept", "1.kept", "0123456789abcdef/1.kept\0"]
)
def test_no_name_leads_out_of_the_vault(tmp_path: Path, name: str) -> None:
    with pytest.raises(ActError):
        Vault(tmp_path).put(name, [b"x"])


def _written(path: Path, run: str = "0" * 16) -> bytes:
    with journal.opened(path) as kept:
        for number in range(5):
            kept.write("begin", run=run, step=number, target={"path": "/nhà/\udcff\u202e"})
    return path.read_bytes()


def test_a_journal_cut_at_any_byte_keeps_its_whole_lines_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = _written(path)
    assert whole.isascii()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with journal.opened(path) as kept:
            assert len(kept.entries) == whole[:size].count(b"\n")
            kept.write("end", run="0" * 16)
        with journal.opened(path) as kept:
            assert kept.entries[-1]["event"] == "end"


def test_any_changed_bit_of_a_whole_line_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = _written(path)
    last = whole[:-1].rfind(b"\n") + 1
    for at in range(0, last, 5):
        changed = bytearray(whole)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ActError) as caught, journal.opened(path):
            pass
        assert caught.value.reason == "damaged_journal"


@pytest.mark.parametrize("number", range(4))
def test_a_line_of_another_journal_whose_hash_is_right_breaks_the_chain(tmp_path: Path, number: int) -> None:
    path = tmp_path / "journal.jsonl"
    lines = _written(path).splitlines(keepends=True)
    lines[number] = _written(tmp_path / "other.jsonl", "1" * 16).splitlines(keepends=True)[number]
    path.write_bytes(b"".join(lines))
    with pytest.raises(ActError) as caught, journal.opened(path):
        pass
    assert caught.value.reason == "damaged_journal"


@given(st.binary(max_size=300), st.sets(st.sampled_from(["a", "b", "127.0.0.1 x"])))
def test_lines_made_remarks_keep_every_other_byte(content: bytes, wanted: set[str]) -> None:
    try:
        changed = lines.remark(content, lines.saying(wanted, 1000))
    except ValueError:
        assert content[:2] in (b"\xff\xfe", b"\xfe\xff")
        return
    assert changed.replace(b"# quetsach: ", b"") == content.replace(b"# quetsach: ", b"")


def test_remarks_in_a_hosts_file_as_windows_writes_it() -> None:
    content = (
        b"\xef\xbb\xbf# may\r\n0.0.0.0 a.example b.example # chan\r\n127.0.0.1\tlocalhost\r\n"
        b"0.0.0.0 c.example"
    )
    wanted = lines.naming({("b.example", "0.0.0.0"), ("c.example", "0.0.0.0"), ("localhost", "192.0.2.1")})
    assert lines.remark(content, wanted) == (
        b"\xef\xbb\xbf# may\r\n# quetsach: 0.0.0.0 a.example b.example # chan\r\n127.0.0.1\tlocalhost\r\n"
        b"# quetsach: 0.0.0.0 c.example"
    )


KEY = r"HKLM\SOFTWARE\Run"
HIVE = Hive(
    {"Run": {"a": r"C:\\x\\a.exe", "b": 7, "evil": r"C:\\Users\\an\\evil.exe", "c": "x" * 60}}
).content


USED = st.integers(4096, len(HIVE.rstrip(b"\0")))


@given(st.lists(st.tuples(USED, st.binary(min_size=1, max_size=4)), max_size=3))
@example([(4400, b"\0\0")])  # a cell that lies over the list of values
@settings(max_examples=80, deadline=None)
def test_a_damaged_hive_is_refused_or_comes_back_to_the_bit(changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(HIVE)
    for at, new in changes:
        content[at : at + len(new)] = new
    with tempfile.TemporaryDirectory() as folder:
        hive = Path(folder) / "Windows/System32/config/SOFTWARE"
        hive.parent.mkdir(parents=True)
        settings_ = HiveSettings(machines.at(Path(folder)))
        for change in (
            lambda: settings_.delete(KEY, "evil"),
            lambda: settings_.set(KEY, "evil", {"type": 1, "data": b"x\0\0\0\0\0".hex()}),
            lambda: settings_.set(KEY, "b", {"type": 4, "data": "01000000"}),
        ):
            hive.write_bytes(content)
            try:
                before = {name: settings_.get(KEY, name) for name in ("evil", "b")}
                change()
            except ActError:
                assert hive.read_bytes() == content
                continue
            for name, state in before.items():
                if state is not None and settings_.get(KEY, name) != state:
                    settings_.set(KEY, name, state)
            assert hive.read_bytes() == content
