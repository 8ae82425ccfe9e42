"""The scan document: reading gives back the written records, and no incomplete or foreign file passes for a
scan."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.sightings import record_rules
from quetsach.sightings.cutting import Chunk, Whole
from quetsach.sightings.scanfile import ScanFileError, read
from quetsach.sightings.sighting import Coverage, End, Scan, Sighting, write

SCAN = Scan("quetsach 0.1.0", "a" * 64, 2, "fw-hq", "Asia/Ho_Chi_Minh", ("/var/log/zeek",))
SIGHTING = Sighting(
    source="b" * 64,
    indicator="evil.example",
    kind="domain",
    family="ramnit",
    matched="a.evil.example",
    field="query",
    device="10.47.1.100",
    identity={"host": "PC-07"},
    who="host:PC-07",
    day="2018-03-24",
    first_seen="2018-03-24T16:55:20.865716Z",
    last_seen="2018-03-24T17:00:00.000000Z",
    count=3,
    runs=[[60_920_865_716, 61_200_000_000, 3]],
    action="allowed",
    logformat="zeek.dns",
    evidence="1521910520.865716\\x09máy văn thư",
)
COVERAGE = Coverage(
    "b" * 64,
    "dns.log",
    "fw-hq",
    10,
    2,
    0,
    0,
    1,
    "2018-03-24T16:55:20.865716Z",
    "2018-03-24T16:55:20.865716Z",
    "ok",
    "",
    {"2018-03-24": ["10.47.1.100"]},
    ["cut"],
)


def document(sightings: list[Sighting], coverage: list[Coverage], complete: bool = True) -> bytes:
    out = io.BytesIO()
    write(out, SCAN, sightings, coverage, complete=complete)
    return out.getvalue()


def changed(line: int, **fields: object) -> bytes:
    lines = document([SIGHTING], [COVERAGE]).splitlines(keepends=True)
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | fields).encode() + b"\n"
    return b"".join(lines)


def test_what_is_written_is_the_wire_format_of_the_contract() -> None:
    lines = [json.loads(line) for line in document([SIGHTING], [COVERAGE]).splitlines()]
    assert lines[0] == {
        "type": "scan",
        "schema": 2,
        "tool": "quetsach 0.1.0",
        "set": {"id": "a" * 64, "count": 2},
        "source_name": "fw-hq",
        "tz": "Asia/Ho_Chi_Minh",
        "inputs": ["/var/log/zeek"],
    }
    assert list(lines[1])[:4] == ["type", "source", "indicator", "kind"]
    assert lines[1]["evidence"].endswith("máy văn thư")
    assert lines[2]["devices"] == {"2018-03-24": ["10.47.1.100"]}
    assert lines[3] == {"type": "end", "sightings": 1, "sources": 1, "errors": 1}


def test_a_document_reads_back_with_its_line_numbers() -> None:
    records = list(read(io.BytesIO(document([SIGHTING], [COVERAGE]))))
    assert records == [(1, SCAN), (2, SIGHTING), (3, COVERAGE), (4, End(1, 1, 1))]


def test_an_interrupted_scan_is_refused() -> None:
    with pytest.raises(ScanFileError) as caught:
        list(read(io.BytesIO(document([SIGHTING], [COVERAGE], complete=False))))
    assert caught.value.code == "incomplete"


def test_a_cut_anywhere_is_refused() -> None:
    whole = document([SIGHTING], [COVERAGE])
    for length in range(len(whole) - 1):
        with pytest.raises(ScanFileError):
            list(read(io.BytesIO(whole[:length])))


def test_a_lost_line_is_noticed() -> None:
    lines = document([SIGHTING, SIGHTING._replace(device="10.47.1.101")], [COVERAGE]).splitlines(
        keepends=True
    )
    with pytest.raises(ScanFileError) as caught:
        list(read(io.BytesIO(b"".join(lines[:2] + lines[3:]))))
    assert (caught.value.code, caught.value.line) == ("incomplete", 4)


ODD = [
    None, "", "x", "é", "\0", "\ud800", "x" * 4097, 0, 1, True, 1.0, -1, 1 << 63, [], {}, [[0, 1, 2]],
    [[0, 1]], [[0, 1, 0]], [0, 1, 2], {"host": "PC"}, {"host": 5}, {"host": "\0"}, {"\udcff": ""},
    "domain", "query",
    "allowed", "B" * 64, "2018-03-24", "2018-02-30", "2018-03-24T16:55:20.865716Z",
    "2018-02-30T16:55:20.865716Z", "2018-03-24T16:55:20Z",
]  # fmt: skip
NAMES = st.sampled_from(Sighting._fields)


@given(st.dictionaries(NAMES, st.sampled_from(ODD), max_size=4), st.sets(NAMES, max_size=1))
def test_a_row_that_is_looked_at_as_a_whole_keeps_each_rule(
    odd: dict[str, object], missing: set[str]
) -> None:
    fields = {name: value for name, value in (SIGHTING._asdict() | odd).items() if name not in missing}
    try:
        told: object = Sighting(**record_rules.checked(fields, record_rules.SIGHTING))
    except record_rules.MalformedError as problem:
        told = str(problem)
    try:
        found: object = record_rules.sighting(fields)
    except record_rules.MalformedError as problem:
        found = str(problem)
    assert found == told


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"", "not_scan", 1),
        (b"ts\tuid\n", "not_scan", 1),
        (b"[1]\n", "not_scan", 1),
        (changed(1, schema=3), "schema", 1),
        (changed(1, set="x"), "malformed", 1),
        (document([SIGHTING], []) + b"{}\n", "garbage", 4),
        (changed(2, type="hit"), "garbage", 2),
        (b"[" * 100_000, "not_scan", 1),
        (changed(1, more=[[]] * 600_000), "too_large", 1),
        (document([SIGHTING], [])[:-2] + b',"a":[' + b"1," * 4_000_001 + b"1]}\n", "too_large", 3),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_foreign_files_are_refused_with_the_line(text: bytes, code: str, line: int) -> None:
    with pytest.raises(ScanFileError) as caught:
        list(read(io.BytesIO(text)))
    assert (caught.value.code, caught.value.line) == (code, line)


@pytest.mark.parametrize(
    "fields",
    [
        {"count": 0},
        {"count": True},
        {"count": 1 << 63},
        {"count": 1.5},
        {"source": "B" * 64},
        {"action": "Allowed"},
        {"field": "referer"},
        {"kind": "email"},
        {"kind": []},
        {
            "day": "2018-02-30",
            "first_seen": "2018-02-30T00:00:00.000000Z",
            "last_seen": "2018-02-30T00:00:00.000000Z",
        },
        {"day": None},
        {"day": "2018-03-25"},
        {"first_seen": "2018-03-24T17:00:00.000001Z"},
        {"last_seen": "2018-03-24T17:00:00Z"},
        {"device": ""},
        {"device": "a\x00b"},
        {"matched": "\ud800"},
        {"identity": {"host": 7}},
        {"indicator": "x" * 5000},
    ],
)
def test_a_record_that_breaks_the_contract_is_given_back_and_the_rest_goes_on(
    fields: dict[str, object],
) -> None:
    text = changed(2, **fields)
    with pytest.raises(ScanFileError):
        list(read(io.BytesIO(text)))
    rejects: list[tuple[int, str]] = []
    records = list(read(io.BytesIO(text), lambda reject: rejects.append((reject.line, reject.code))))
    assert rejects == [(2, "malformed")]
    assert [record for _, record in records] == [SCAN, COVERAGE, End(1, 1, 1)]


HOURS = {"2018-03-24": [0] * 16 + [2] + [0] * 7}


def test_hours_and_machines_alive_read_back() -> None:
    scan = SCAN._replace(asked=("10.47.1.100", "host:PC-07"))
    seen = COVERAGE._replace(hours=HOURS, order="kept", alive={"10.47.1.100": {"2018-03-24": 1 << 16}})
    out = io.BytesIO()
    write(out, scan, [], [seen])
    assert [record for _, record in read(io.BytesIO(out.getvalue()))] == [scan, seen, End(0, 1, 1)]


@pytest.mark.parametrize(
    "fields",
    [
        {"hours": {"2018-03-24": [0] * 23}},
        {"hours": {"2018-02-30": [0] * 24}},
        {"hours": {"2018-03-24": [-1] * 24}},
        {"hours": {"2018-03-24": [True] * 24}},
        {"hours": []},
        {"order": "backwards"},
        {"alive": {"10.47.1.100": {"2018-03-24": 0}}},
        {"alive": {"10.47.1.100": {"2018-03-24": 1 << 24}}},
        {"alive": {"10.47.1.100": {"2018-02-30": 1}}},
        {"alive": {"010.47.1.100": {"2018-03-24": 1}}},
        {"alive": {"MAC:00-00-5e-00-53-0a": {"2018-03-24": 1}}},
    ],
)
def test_hours_that_break_the_contract_are_given_back(fields: dict[str, object]) -> None:
    rejects: list[tuple[int, str]] = []
    list(read(io.BytesIO(changed(3, **fields)), lambda reject: rejects.append((reject.line, reject.code))))
    assert rejects == [(3, "malformed")]


@pytest.mark.parametrize("said", ["10.0.0.1", ["b", "a"], ["10.0.0.2", "10.0.0.1"], [7], ["two words"]])
def test_machines_asked_about_are_a_sorted_list(said: object) -> None:
    with pytest.raises(ScanFileError, match="asked is not a sorted list"):
        list(read(io.BytesIO(changed(1, asked=said))))


def test_unknown_fields_are_ignored() -> None:
    assert list(read(io.BytesIO(changed(2, confidence=80))))[1] == (2, SIGHTING)


def test_a_path_that_is_not_utf_8_can_still_be_read_back() -> None:
    odd = COVERAGE._replace(path=b"nh\xe1t.log".decode("utf-8", "surrogateescape"))
    (record,) = [r for _, r in read(io.BytesIO(document([], [odd]))) if isinstance(r, Coverage)]
    assert record.path == r"nh\xe1t.log"


def rejoin(chunks: list[Chunk]) -> tuple[list[Sighting], list[Coverage], list[End]]:
    records = [record for chunk in chunks for _, record in read(io.BytesIO(chunk.data))]
    return (
        [r for r in records if isinstance(r, Sighting)],
        [r for r in records if isinstance(r, Coverage)],
        [r for r in records if isinstance(r, End)],
    )


@given(st.integers(0, 12), st.integers(0, 4), st.integers(900, 4000))
def test_chunks_are_complete_documents_with_coverage_only_in_the_last(
    rows: int, sources: int, limit: int
) -> None:
    sightings = [SIGHTING._replace(device=f"10.0.0.{n}") for n in range(rows)]
    coverage = [COVERAGE._replace(source=f"{n:064x}", errors=[]) for n in range(sources)]
    whole = document(sightings, coverage)
    try:
        chunks = list(Whole(io.BytesIO(whole)).chunks(limit))
    except ScanFileError as error:
        assert error.code == "too_large"
        assert sum(len(line) for line in whole.splitlines()[1 + rows :]) + 400 > limit
        return
    assert all(len(chunk.data) <= limit for chunk in chunks)
    found, seen, ends = rejoin(chunks)
    assert (found, seen) == (sightings, coverage)
    assert [chunk.is_last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert [end.sources for end in ends] == [0] * (len(chunks) - 1) + [sources]
    lines = whole.splitlines(keepends=True)
    for chunk in chunks:
        for number, line in enumerate(chunk.data.splitlines(keepends=True)[:-1], 1):
            assert lines[chunk.original_line(number) - 1] == line


def test_a_chunk_keeps_fields_it_does_not_know() -> None:
    (chunk,) = Whole(io.BytesIO(changed(2, confidence=80))).chunks()
    assert json.loads(chunk.data.splitlines()[1])["confidence"] == 80


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=1, max_size=40, unique=True),
    st.integers(2500, 9000),
)
def test_rows_of_one_device_are_sent_together(pairs: list[tuple[int, int]], limit: int) -> None:
    sightings = [
        SIGHTING._replace(indicator=f"bad{name}.example", device=f"10.0.0.{pc}" if pc else None)
        for name, pc in sorted(pairs)
    ]
    whole = document(sightings, [COVERAGE._replace(errors=[])])
    chunks = list(Whole(io.BytesIO(whole)).chunks(limit))
    lines = whole.splitlines(keepends=True)
    found: list[Sighting] = []
    where: dict[str, set[int]] = {}
    for at, chunk in enumerate(chunks):
        assert len(chunk.data) <= limit
        sent = chunk.data.splitlines(keepends=True)
        for number, record in read(io.BytesIO(chunk.data)):
            if isinstance(record, Sighting):
                assert lines[chunk.original_line(number) - 1] == sent[number - 1]
                found.append(record)
                where.setdefault(record.device or "", set()).add(at)
    assert sorted(map(repr, found)) == sorted(map(repr, sightings))
    assert [chunk.data for chunk in Whole(io.BytesIO(whole)).chunks(len(whole))] == [whole]
    if len(whole) <= limit:
        assert [chunk.data for chunk in chunks] == [whole]
    room = limit - len(lines[0]) - 200
    for device, places in where.items():
        named = (f'"device":"{device}"' if device else '"device":null').encode()
        together = sum(len(line) for line in lines if named in line)
        assert len(places) == 1 or together > room, device


def test_a_document_that_cannot_be_cut_is_refused_before_any_part_of_it() -> None:
    rows = [SIGHTING._replace(device=f"10.0.0.{n}") for n in range(20)]
    whole = document(rows, [COVERAGE._replace(source=f"{n:064x}", errors=[]) for n in range(9)])
    with pytest.raises(ScanFileError) as refused:
        next(Whole(io.BytesIO(whole)).chunks(3000))
    assert (refused.value.code, refused.value.line) == ("too_large", 22)
