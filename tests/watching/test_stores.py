"""What could not be read of a store is read as soon as it can be, and half a transaction never is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from quetsach.sightings.sighting import Coverage
from tests.openers.pihole import BEGAN, NEW, OLD, database
from tests.test_inputs import written_ahead
from tests.watching.office import Office
from tests.watching.test_whole import Pihole

pytestmark = pytest.mark.native


def put(office: Office, path: Path, data: bytes) -> None:
    """A file is replaced by another one, which counts as the true content."""
    office.now += 60
    path.write_bytes(data)
    os.utime(path, (office.now, office.now))
    office.contents[path] = data


def check(office: Office) -> None:
    """The watcher says what a scan of the true contents says, and has no trouble."""
    office.settle()
    sightings, coverage = office.expected()
    assert office.found() == sightings
    assert list(map(facts, office.coverage())) == list(map(facts, coverage))
    assert not office.follower.troubles


def facts(told: Coverage) -> tuple[object, ...]:
    return (
        told.source,
        told.bytes,
        told.lines,
        told.hours,
        told.order,
        told.first,
        told.last,
        told.errors,
        told.gaps,
    )


def many(pihole: Pihole) -> bytes:
    """A database of some dozens of pages, in which each fourth query is of a listed name."""
    pihole.ask(*["evil.example", "fine.test", "fine.test", "fine.test"] * 500)
    return pihole.path.read_bytes()


def damaged(data: bytes) -> bytes:
    page = int.from_bytes(data[16:18])
    middle = len(data) // page // 2 * page
    return data[:middle] + b"\xff" * page + data[middle + page :]


def test_a_good_copy_of_a_damaged_database_is_read(office: Office) -> None:
    pihole = Pihole(office)
    good = many(pihole)
    put(office, pihole.path, damaged(good))
    office.settle()
    assert 0 < sum(row.count for row in office.found()) < 500
    assert "SQLite: damaged" in " ".join(office.follower.troubles.values())
    put(office, pihole.path, good)
    check(office)
    assert sum(row.count for row in office.found()) == 500


def test_what_was_read_before_stays_counted_when_a_good_copy_comes(office: Office) -> None:
    """Of the queries that the damage hid some were deleted meanwhile: that is a gap."""
    pihole = Pihole(office)
    put(office, pihole.path, damaged(many(pihole)))
    office.settle()
    before, (told,) = sum(row.count for row in office.found()), office.coverage()
    assert 0 < before < 300 and told.errors
    hidden_from = told.last
    with closing(sqlite3.connect(office.true.with_name("all.db"))) as db, db:
        db.execute("DELETE FROM queries WHERE id <= 1200")
    put(office, pihole.path, office.true.with_name("all.db").read_bytes())
    office.settle()
    assert sum(row.count for row in office.found()) == before + 200
    (told,) = office.coverage()
    assert not told.errors and not office.follower.troubles
    assert [first for first, _last in told.gaps] == [hidden_from]


@pytest.mark.parametrize("kept", [100, 1500])
@pytest.mark.parametrize("new", [0, 5, 3000])
def test_queries_that_damage_hid_are_told_until_they_are_read_or_lost(
    office: Office, kept: int, new: int
) -> None:
    """An older copy takes the place of the damaged database: it ends before the damage, or behind it."""
    pihole = Pihole(office)
    good, old = many(pihole), office.true.with_name("all.db")
    put(office, pihole.path, damaged(good))
    office.settle()
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("DELETE FROM queries WHERE id > ?", (kept,))
    for _time in range(2):
        put(office, pihole.path, old.read_bytes())
        office.settle()
        (told,) = office.coverage()
        assert "SQLite: damaged" in " ".join(told.errors) and not told.gaps
        assert "SQLite: damaged" in " ".join(office.follower.troubles.values())
    if new:
        # The program writes on, and gives the numbers of the hidden queries to new ones.
        with closing(sqlite3.connect(old)) as db, db:
            rows = [(told_at(told.last) + 3600 + n,) for n in range(new)]
            db.executemany(
                "INSERT INTO queries (timestamp, type, status, domain, client)"
                " VALUES (?, 1, 2, 'fine.test', '10.1.2.3')",
                rows,
            )
        put(office, pihole.path, old.read_bytes())
        office.settle()
        (after,) = office.coverage()
        assert not after.errors and not office.follower.troubles
        assert [told_at(last) - told_at(first) for first, last in after.gaps] == [3600]
        assert after.gaps[0][0] == told.last and office.follower.gaps == 1
    put(office, pihole.path, good)
    office.settle()
    assert sum(row.count for row in office.found()) == 500
    assert not office.follower.troubles


@pytest.mark.parametrize("was_read", [True, False])
@pytest.mark.parametrize("damage", ["cut", "page"])
def test_a_database_of_which_nothing_was_read_is_told_while_a_smaller_copy_stands_there(
    office: Office, damage: str, was_read: bool
) -> None:
    """Nobody knows its last number: a copy of its size ends that, or a gap before new queries."""
    pihole = Pihole(office)
    pihole.ask(*["fine.test"] * 1200)
    old, good = pihole.path.read_bytes(), many(pihole)
    page = int.from_bytes(good[16:18])
    hurt = good[: len(old) - page] if damage == "cut" else good[:page] + b"\xff" * 4 * page + good[5 * page :]
    if was_read:
        put(office, pihole.path, good)
        office.settle()
        assert not office.follower.troubles
    for data in (hurt, old, old):
        office.kill()
        office.start()
        put(office, pihole.path, data)
        office.settle()
        assert "SQLite: damaged" in " ".join(office.follower.troubles.values())
        assert ["SQLite: damaged" in " ".join(one.errors) for one in office.coverage()].count(True) == 1
    put(office, pihole.path, good)
    office.settle()
    assert sum(row.count for row in office.found()) == 500
    assert not office.follower.troubles and not office.follower.gaps
    assert not [one for one in office.coverage() if one.errors or one.gaps]


def test_new_queries_in_place_of_a_database_of_which_nothing_was_read_are_behind_a_gap(
    office: Office,
) -> None:
    pihole = Pihole(office)
    pihole.ask(*["fine.test"] * 100)
    old, good = pihole.path.read_bytes(), many(pihole)
    for data in (good[: len(good) // 2], old):
        put(office, pihole.path, data)
        office.settle()
    assert "SQLite: damaged" in " ".join(office.follower.troubles.values())
    (last,) = [one.last for one in office.coverage()]
    with closing(sqlite3.connect(pihole.path)) as db, db:
        asked = (told_at(last) + 3600,)
        db.execute("INSERT INTO queries VALUES (NULL, ?, 1, 2, 'evil.example', '10.1.2.3', NULL)", asked)
    put(office, pihole.path, pihole.path.read_bytes())
    office.settle()
    (told,) = office.coverage()
    assert not told.errors and not office.follower.troubles and office.follower.gaps == 1
    assert [(first, told_at(end) - told_at(first)) for first, end in told.gaps] == [(last, 3600)]


def test_queries_without_a_name_are_told_while_an_older_copy_stands_there(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example", "fine.test"] * 50)
    old = pihole.path.read_bytes()
    pihole.ask(*["evil.example"] * 5)
    good = pihole.path.read_bytes()
    with closing(sqlite3.connect(pihole.path)) as db, db:
        db.execute("UPDATE queries SET domain = x'00' WHERE id > 100")
    for data, is_told in (
        (pihole.path.read_bytes(), True),
        (old, True),
        (old, True),
        (good, False),
        (old, False),
    ):
        put(office, pihole.path, data)
        office.settle()
        (told,) = office.coverage()
        assert ("queries without a name" in " ".join(told.errors)) is is_told
        assert ("queries without a name" in " ".join(office.follower.troubles.values())) is is_told
    assert sum(row.count for row in office.found()) == 55


@pytest.mark.parametrize("is_last", [True, False])
def test_damage_behind_what_was_read_goes_with_a_good_copy(office: Office, is_last: bool) -> None:
    """Of the whole database, which was read before, or of its last page, where its largest number stands."""
    pihole = Pihole(office)
    pihole.ask(*["fine.test"] * 100)
    old, good = pihole.path.read_bytes(), many(pihole)
    page = int.from_bytes(good[16:18])
    if is_last:
        put(office, pihole.path, good[:-page] + b"\xff" * page)
        copies = [old, good]
    else:
        put(office, pihole.path, good)
        office.settle()
        assert not office.follower.troubles
        put(office, pihole.path, damaged(good))
        copies = [good]
    office.settle()
    for data in copies:
        assert "SQLite: damaged" in " ".join(office.follower.troubles.values())
        put(office, pihole.path, data)
        office.settle()
    check(office)
    assert sum(row.count for row in office.found()) == 500


def told_at(text: str | None) -> float:
    assert text is not None
    return datetime.fromisoformat(text).timestamp()


def test_older_queries_that_are_put_back_are_read(office: Office) -> None:
    pihole = Pihole(office)
    good = many(pihole)
    pihole.forget(1900)
    office.settle()
    assert sum(row.count for row in office.found()) == 25
    put(office, pihole.path, good)
    check(office)
    pihole.ask(*["evil.example"] * 3)
    check(office)
    assert sum(row.count for row in office.found()) == 503


def other_tables(path: Path) -> bytes:
    """A database of a version that nobody knows."""
    return database(path, "CREATE TABLE question (a, b); INSERT INTO question VALUES (1, 2);").read_bytes()


@pytest.mark.parametrize("was_known", [True, False])
def test_a_known_version_in_place_of_an_unknown_one_is_read(office: Office, was_known: bool) -> None:
    pihole = Pihole(office)
    good, unknown = many(pihole), other_tables(office.true.with_name("other.db"))
    if was_known:
        office.settle()
    put(office, pihole.path, unknown)
    office.settle()
    assert "without Pi-hole's queries" in " ".join(office.follower.troubles.values())
    assert [error for one in office.coverage() for error in one.errors]
    put(office, pihole.path, good)
    check(office)
    # A portal that has the error hears that it is gone.
    told = [one for one, _asked in office.state.covered(office.set_id, with_readable=True) if not one.bytes]
    assert [(one.path, one.errors) for one in told] == [(str(pihole.path), [])]
    put(office, pihole.path, unknown)
    office.settle()
    assert sorted((one.lines > 0, len(one.errors)) for one in office.coverage()) == [(False, 1), (True, 0)]


def test_text_in_place_of_what_could_not_be_read_is_told_without_its_error(office: Office) -> None:
    path = office.logs / "dns.log"
    put(office, path, b"7z\xbc\xaf\x27\x1c" + bytes(5000))
    office.settle()
    assert [len(one.errors) for one in office.coverage()] == [1]
    put(office, path, b"".join(office.line() for _ in range(100)))
    check(office)


def unfinished(folder: Path) -> tuple[bytes, bytes, bytes]:
    """A database and its journal as a writer left them that was killed within a transaction, and the database
    as SQLite rolls it back."""
    path = database(folder / "pihole-FTL.db", OLD.partition("INSERT")[0] + BEGAN)
    asked = [(1663300800 + n, "good.example") for n in range(2000)]
    insert = "INSERT INTO queries VALUES (NULL, ?, 1, 2, ?, '10.2.0.20', NULL)"
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(insert, asked)
    journal = path.with_name("pihole-FTL.db-journal")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        writer.executemany(insert, [(1663310000 + n, "evil.example") for n in range(3000)])
        half, kept = path.read_bytes(), journal.read_bytes()
        writer.execute("ROLLBACK")
    return half, kept, path.read_bytes()


def test_half_a_transaction_is_never_read(office: Office, tmp_path: Path) -> None:
    (tmp_path / "writer").mkdir()
    half, kept, rolled_back = unfinished(tmp_path / "writer")
    path = office.logs / "pihole-FTL.db"
    journal = office.logs / "pihole-FTL.db-journal"
    office.follow = [str(path)]
    office.kill()
    office.start()
    journal.write_bytes(kept)
    put(office, path, half)
    office.settle()
    assert not office.found()
    assert "pihole-FTL.db-journal" in office.follower.troubles[str(path)]
    assert [one.lines for one in office.coverage()] == [0]
    # SQLite itself says what is true.
    shutil.copy(path, tmp_path / "again.db")
    shutil.copy(journal, tmp_path / "again.db-journal")
    with closing(sqlite3.connect(tmp_path / "again.db")) as db:
        assert db.execute("SELECT count(*) FROM queries").fetchone() == (2000,)
    journal.unlink()
    put(office, path, rolled_back)
    check(office)
    assert not office.found()


@pytest.mark.parametrize("is_link", [True, False])
def test_a_journal_that_goes_is_noticed_though_the_database_is_the_same(
    office: Office, tmp_path: Path, is_link: bool
) -> None:
    real = tmp_path / "etc" / "pihole.db" if is_link else office.logs / "pihole.db"
    real.parent.mkdir(exist_ok=True)
    path = office.logs / "pihole.db"
    data = database(real, NEW + BEGAN).read_bytes()
    if is_link:
        path.symlink_to(real)
    journal = Path(f"{real}-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    os.utime(real, (office.now, office.now))
    office.contents[path] = data
    office.follow = [str(path)]
    office.kill()
    office.start()
    office.settle()
    assert "pihole.db-journal" in office.follower.troubles[str(path)]
    # As SQLite ends a transaction with a journal that it keeps (journal_mode=PERSIST).
    journal.write_bytes(bytes(512))
    check(office)
    assert {row.matched for row in office.found()} == {"a.evil.example", "c.evil.example"}


def test_what_sqlite_writes_beside_a_database_is_no_log(office: Office, tmp_path: Path) -> None:
    path = office.logs / "pihole-FTL.db"
    with closing(written_ahead(path)) as db:
        (office.logs / "text.db-wal").write_bytes(office.line())
        os.utime(path, (office.now, office.now))
        office.settle()
        assert "newer queries lie in pihole-FTL.db-wal" in office.follower.troubles[str(path)]
        told = {Path(one.path).name: one.lines for one in office.coverage()}
        assert told == {"pihole-FTL.db": 4, "text.db-wal": 1}
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    office.now += 60
    os.utime(path, (office.now, office.now))
    office.contents[path] = path.read_bytes()
    office.contents[office.logs / "text.db-wal"] = (office.logs / "text.db-wal").read_bytes()
    check(office)
    assert {row.matched for row in office.found()} == {"a.evil.example", "b.evil.example", "evil.example"}


def renamed(office: Office, old: Path, new: Path) -> None:
    old.rename(new)
    office.contents[new] = office.contents.pop(old)
    os.utime(new, (office.now, office.now))


def test_a_database_that_is_renamed_goes_on_though_its_oldest_queries_went(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example"] * 25)
    office.settle()
    pihole.forget(22)
    new = pihole.path.with_name("pihole-FTL.old.db")
    renamed(office, pihole.path, new)
    pihole.path = new
    pihole.ask(*["evil.example"] * 10, "fine.test")
    office.kill()
    office.start()
    check(office)
    assert sum(row.count for row in office.found()) == 35
    pihole.ask("evil.example")
    check(office)
    assert sum(row.count for row in office.found()) == 36


@pytest.mark.parametrize("name", ["pihole-FTL.old.db", "a.db"])
@pytest.mark.parametrize("is_same_image", [False, True])
def test_a_database_that_is_renamed_goes_on_though_a_new_one_has_its_name(
    office: Office, name: str, is_same_image: bool
) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example"] * 25)
    office.settle()
    pihole.forget(22)
    pihole.ask(*["evil.example"] * 10)
    old, new = pihole.path, pihole.path.with_name(name)
    renamed(office, old, new)
    began = BEGAN if is_same_image else BEGAN.replace("9", "8")
    asked = "INSERT INTO queries VALUES (NULL, 1663900800, 1, 2, 'evil.example', '10.9.9.9', NULL);"
    database(old, OLD.partition("INSERT")[0] + began + 7 * asked)
    os.utime(old, (office.now, office.now))
    office.settle()

    def told() -> tuple[int, int, list[list[str]]]:
        counts = {row.device: row.count for row in office.found()}
        gaps = [list(gap) for one in office.coverage() for gap in one.gaps]
        return counts.pop("10.9.9.9", 0), sum(counts.values()), gaps

    assert told() == (7, 35, [])
    office.kill()
    office.start()
    pihole.path = new
    pihole.ask("evil.example")
    office.settle()
    assert told() == (7, 36, [])


def test_a_copy_of_a_database_takes_nothing_from_it(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example"] * 25)
    office.settle()
    pihole.forget(22)
    copy = office.logs / "a-copy.db"
    for count in (10, 3):
        pihole.ask(*["evil.example"] * count)
        copy.write_bytes(pihole.path.read_bytes())
        os.utime(copy, (office.now, office.now))
        office.settle()
        assert office.found() == office.expected()[0]
    assert sum(row.count for row in office.found()) == 38


def test_another_database_in_place_of_one_that_went_is_read_from_its_beginning(office: Office) -> None:
    pihole = Pihole(office)
    pihole.ask(*["evil.example"] * 25)
    office.settle()
    assert sum(row.count for row in office.found()) == 25
    pihole.path.unlink()
    del office.contents[pihole.path]
    # Of the same image, so with the same source id; its queries are later.
    other = database(office.logs / "other.db", OLD.partition("INSERT")[0] + BEGAN)
    with closing(sqlite3.connect(other)) as db, db:
        for n in range(40):
            db.execute(
                "INSERT INTO queries VALUES (NULL, ?, 1, 2, 'evil.example', '10.9.9.9', NULL)",
                (1663300800 + 7 * n,),
            )
    os.utime(other, (office.now, office.now))
    office.settle()
    counts = {row.device: row.count for row in office.found()}
    assert counts["10.9.9.9"] == 40 and sum(counts.values()) == 65
