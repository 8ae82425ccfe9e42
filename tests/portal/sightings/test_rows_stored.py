"""Rows are stored in batches, by each database's own way for many rows: they leave what a plain loop over the
contract's rules leaves."""

import hashlib
import json
import random
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import DataError, connection, transaction

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.inserting import insert, rewrite, values_of
from quetsach.portal.sightings import actions, intake, storing_actions
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.actions import issue_token
from quetsach.sightings import scanfile
from tests.portal.scan_document import coverage, document, noon, sighting

ODD = ["plain", "tab\tand\nline", "back\\slash \\N", "quote \" and '", "máy trạm số 1", "\u200b\U0001f600"]


def digest(row):
    """The natural key as docs/contract.md 4 has it."""
    parts = [row["source"], row["indicator"], row["device"] or ""]
    parts += [row["who"]] if row["who"] else []
    text = json.dumps([*parts, row["day"] or ""], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def random_document(chance):
    """Rows of a few machines with names from the beginning, told in any order and often again."""
    rows = []
    for _ in range(chance.randrange(1, 60)):
        at, count, odd = noon(chance.randrange(1, 4)), chance.randrange(1, 9), chance.choice(ODD)
        number = chance.randrange(6)
        midnight = at.replace(hour=0)
        micros = int((at - midnight) / timedelta(microseconds=1))
        rows.append(
            sighting(
                None if number == 5 else f"10.1.1.{number}", at, count=count, who=f"host:pc{number}",
                indicator=chance.choice(["evil.example", "bad.example"]), source=chance.choice("ab"),
                runs=[[micros, micros, count]], evidence=odd, matched=odd,
                identity={"host": f"pc{number}", chance.choice(["user", "vendor"]): chance.choice("xyz")},
            )
        )  # fmt: skip
    return rows


def told(stored, rows):
    """A plain loop: of one key the larger count stays, and with it what its line says; names stay known."""
    best = {}
    for row in rows:
        key = digest(row)
        if key not in best or row["count"] > best[key]["count"]:
            best[key] = row
    for key, row in best.items():
        before = stored.get(key)
        if before is None:
            stored[key] = dict(row)
        elif row["count"] > before["count"]:
            stored[key] = row | {"identity": before["identity"] | row["identity"]}
        elif row["count"] == before["count"] and not row["identity"].keys() <= before["identity"].keys():
            stored[key] = row | {"identity": row["identity"] | before["identity"]}


def as_wire(row):
    spelled = {name: getattr(row, name) for name in scanfile.Sighting._fields}
    spelled |= {"device": row.device or None, "who": row.who or "", "day": row.day.isoformat()}
    for end in ("first_seen", "last_seen"):
        spelled[end] = f"{spelled[end]:%Y-%m-%dT%H:%M:%S.%fZ}"
    return spelled


@pytest.mark.parametrize("seed", range(3))
def test_batches_leave_what_a_plain_loop_leaves(cast, monkeypatch, seed):
    chance = random.Random(seed)
    token, _secret = issue_token(cast.user("A", "it"), cast.units["A"], "gateway")
    monkeypatch.setattr(actions, "AT_ONCE", chance.choice([3, 7, 1000]))
    monkeypatch.setattr(storing_actions, "_AT_ONCE", chance.choice([2, 5, 2000]))
    expected = {}
    for _ in range(6):
        rows = random_document(chance)
        rows.sort(key=lambda one: (one["source"], one["indicator"], one["device"] or "", one["day"]))
        before = dict(expected)
        told(expected, rows)
        receipt = actions.receive_chunk(document(rows, [coverage(noon(4), noon(1))], schema=2), token, None)
        assert not receipt.rejects
        if len({digest(row) for row in rows}) == len(rows):
            grown = sum(expected[key] != before[key] for key in before)
            assert (receipt.new, receipt.updated) == (len(expected) - len(before), grown)
        stored = {row.key: as_wire(row) for row in Sighting.rows.all()}
        assert stored == {
            key: {name: row[name] for name in scanfile.Sighting._fields} for key, row in expected.items()
        }


@pytest.fixture
def header_and_rows():
    def give(rows):
        read = [entry for _line, entry in scanfile.read(BytesIO(document(rows, schema=1)))]
        return read[0], [one for one in read if isinstance(one, scanfile.Sighting)]

    return give


@pytest.mark.parametrize("seen", [1, 3, 9], ids=["less", "the same", "more"])
def test_a_batch_that_another_document_overtakes_is_compared_once_more(
    cast, header_and_rows, monkeypatch, seen
):
    """The other document comes between the comparing and the writing, which the row of the node forbids only
    from then on."""
    node: CampaignNode = cast.nodes["A"]
    header, own = header_and_rows([sighting("10.1.1.1", noon(2), count=3), sighting("10.1.1.2", noon(2))])
    other = header_and_rows([sighting("10.1.1.1", noon(2), count=seen)])[1]
    whole, calls = storing_actions.prepare, []

    def overtaken(*given):
        batch = whole(*given)
        calls.append(given)
        if len(calls) == 1:
            storing_actions.keep(node, header, other, lambda _batch: None)
        return batch

    monkeypatch.setattr(storing_actions, "prepare", overtaken)
    noted = []
    batch = storing_actions.keep(node, header, own, noted.append)
    assert noted == [batch] and len(batch.fresh) == 1
    assert (len(batch.grown), batch.unchanged) == ((1, 0) if seen < 3 else (0, 1))
    assert dict(Sighting.rows.values_list("device", "count")) == {"10.1.1.1": max(3, seen), "10.1.1.2": 1}


def test_a_grown_row_that_is_overtaken_never_shrinks(cast, header_and_rows, monkeypatch):
    node = cast.nodes["A"]
    header, first = header_and_rows([sighting("10.1.1.1", noon(2), count=1)])
    storing_actions.keep(node, header, first, lambda _batch: None)
    larger = header_and_rows([sighting("10.1.1.1", noon(2), count=9)])[1]
    stale = storing_actions.prepare(
        node, header, header_and_rows([sighting("10.1.1.1", noon(2), count=3)])[1]
    )
    storing_actions.keep(node, header, larger, lambda _batch: None)
    with pytest.raises(storing_actions.OvertakenError):
        storing_actions.store(node, stale)
    assert Sighting.rows.get().count == 9


def test_each_way_to_write_rows_leaves_what_django_itself_leaves(cast):
    """Text that a COPY could misread, times, numbers, nothing at all, lists and maps."""
    at = noon(3)
    rows = [
        Sighting(
            node=cast.nodes["A"], key=f"{n}", source="s", source_name=odd, matched=odd, field="query",
            device=odd, identity={"host": odd, "n": [1, None, "\\"]}, who=None, day=at.date() if n else None,
            first_seen=at + timedelta(microseconds=n) if n else None, last_seen=None, count=2**62,
            runs=[[0, n, 1]], action="", logformat="", indicator=odd, kind="domain", nat=None, card=None,
            evidence=odd, set_id="", is_listed=bool(n % 2), received_at=at,
        )
        for n, odd in enumerate([*ODD, "", "\\."])
    ]  # fmt: skip
    names = [one.attname for one in Sighting._meta.concrete_fields if one.name != "id"]
    Sighting.rows.bulk_create(rows)
    expected = list(Sighting.rows.order_by("key").values_list(*names))
    for row in rows:
        row.pk = None
    again = {"unique": ("node", "key"), "replaced": ("count", "identity", "first_seen")}
    for how in ({}, again):
        Sighting.rows.all().delete()
        assert insert(Sighting, values_of(rows), **how) == len(rows)
        assert list(Sighting.rows.order_by("key").values_list(*names)) == expected
        assert insert(Sighting, values_of(rows), **again) == len(rows)
        assert list(Sighting.rows.order_by("key").values_list(*names)) == expected
    assert insert(Sighting, values_of(rows), unique=("node", "key")) == 0


def test_stored_rows_are_written_anew_as_django_itself_does_it(cast):
    at, nodes = noon(3), [cast.nodes["A"], cast.nodes["A1"]]
    fields = ["node", "identity", "who", "first_seen", "count", "is_listed", "evidence", "runs", "day"]
    insert(Sighting, values_of(
        Sighting(node=nodes[0], key=f"{n}", source="s", source_name="", matched="", field="query", device="d",
                 who="w", count=1, action="", logformat="", indicator="i", kind="domain", evidence="",
                 set_id="", is_listed=True, received_at=at, first_seen=at)
        for n in range(len(ODD) + 1)
    ))  # fmt: skip
    rows = list(Sighting.rows.order_by("key"))
    before = list(Sighting.rows.order_by("key").values_list(*fields, "pk", "device"))
    for number, (row, odd) in enumerate(zip(rows[:-1], ODD, strict=True)):
        row.node, row.identity, row.who, row.evidence = nodes[number % 2], {"host": odd}, None, odd
        row.first_seen, row.count, row.is_listed = (
            at + timedelta(microseconds=number),
            2**62,
            bool(number % 3),
        )
        row.runs, row.day, row.device = [[0, number, 1]], at.date() if number else None, "not asked for"
    Sighting.rows.bulk_update(rows[:-1], fields)
    expected = list(Sighting.rows.order_by("key").values_list(*fields, "pk", "device"))
    assert expected[-1] == before[-1] and expected[0] != before[0]
    Sighting.rows.update(evidence="gone", count=1, node=nodes[0])
    Sighting.rows.filter(pk=rows[-1].pk).update(evidence="")
    rewrite(rows[:-1], fields)
    assert list(Sighting.rows.order_by("key").values_list(*fields, "pk", "device")) == expected


def test_of_two_new_rows_with_one_key_the_last_stays_and_a_long_text_is_never_cut(cast):
    told = {
        "node": cast.nodes["A"], "source": "s", "source_name": "", "matched": "", "field": "query",
        "indicator": "", "evidence": "", "set_id": "", "is_listed": True, "received_at": noon(1),
    }  # fmt: skip
    twice = [Sighting(**told, key="k", count=count, kind="domain") for count in (7, 3)]
    assert insert(Sighting, values_of(twice), unique=("node", "key"), replaced=("count",)) == 1
    assert Sighting.rows.get().count == 3
    if connection.vendor == "postgresql":
        long = values_of([Sighting(**told, key="l", count=1, kind="d" * 11)])
        with pytest.raises(DataError), transaction.atomic():
            insert(Sighting, long, unique=("node", "key"))


def test_the_key_of_a_row_is_that_of_the_contract():
    row = sighting("máy\\1", noon(1), indicator='a"b\u2028\x7f.example', who="host:é")
    row["runs"] = []
    record = scanfile.Sighting(**{name: row[name] for name in scanfile.Sighting._fields})
    assert intake.sighting_key(record) == digest(row)
