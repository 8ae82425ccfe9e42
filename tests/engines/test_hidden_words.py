"""Names and machines that escapes, colours and letters outside ASCII hide: both engines see the same."""

from __future__ import annotations

import json
import random
import unicodedata

import pytest

from quetsach.logs import logformat
from quetsach.text.canonical import name
from tests.engines.both import compare

LISTED = ["evil.example", "xn--bcher-kva.example", "203.0.113.9", "2001:db8::1", "shared.test/a/gate.php"]
WORDS = (
    "evil.example",
    "bücher.example",
    "dns.google",
    "203.0.113.9",
    "2001:db8::1",
    "shared.test/a/gate.php",
    "kt-pc01",
    "máy",
    "Báo-cáo.docx",
    "10.1.2.3",
)
AROUND = (
    *("", " ", "\\n", "\\t", "\\\\t", "\\b", "\\u0026", "\\u000a", ":", "é", "\\u00e9", "n", "-", ".", "。"),
    *(
        "#033[1m",
        "^[[0m",
        "\\x1b[K",
        "\\\\033[2A",
        "\\u001b[36m",
        "\\u001b[40G",
        "\\ud83d\\udce2",
        "\\\\",
        "\\/",
        '\\"',
        "C:\\\\Địa",
        "tới",
        "(",
        *("“", "”", "‘", "»", "–", "…", "→", "、", "：", "「", "\u00a0", "\u3000", "\u202a", "\u2069"),
        *(r"\u201c", r"\u201d", r"\\u2013", r"\u00a0", r"\uff1a", r"\u2192"),
    ),
)
EVE = (
    '{{"timestamp":"2022-09-16T11:00:00.123456+0700","flow_id":1,"src_ip":"10.1.1.5","src_port":50003,'
    '"dest_ip":"8.8.8.8","dest_port":53,"proto":"UDP","event_type":"dns",'
    '"dns":{{"type":"query","id":7,"rrname":"{}","rrtype":"A"}}}}'
)
INSIDE = ("\u00ad", "\\u00ad", "\\\\u00ad", "\\u001b[0m", "\u200b")


def spelled(rng: random.Random, word: str) -> str:
    """The word, now and then with a character as an escape, in full width, or with something unseen in it."""
    found = ""
    for c in word:
        ways = (f"\\u{ord(c):04x}", f"\\\\u{ord(c):04X}", chr(ord(c) + 0xFEE0), c + rng.choice(INSIDE))
        found += rng.choice(ways) if rng.random() < 0.06 else c
    return found


def line(rng: random.Random) -> str:
    text = "".join(rng.choices(AROUND, k=rng.randrange(3))) + spelled(rng, rng.choice(WORDS))
    text += "".join(rng.choices(AROUND, k=rng.randrange(3)))
    inner = f'{{"x":"{text}"}}'
    client = f'"client":"{rng.choice(("10.1.1.5", "kt-pc01", "kt\\u002dpc01"))}","dst":"8.8.8.8","dpt":53'
    return rng.choice(
        (
            f"2026-10-06T01:02:03Z app: {text} from 10.1.1.5",
            f'{{{client},"say":"{text}"}}',
            f'{{"message":"Oct  6 01:02:03 fw app: {text} from 10.1.1.5"}}',
            json.dumps({"message": inner}, ensure_ascii=rng.random() < 0.5),
            EVE.format(text),
        )
    )


def test_both_engines_see_the_same_in_words_that_hide_something() -> None:
    rng = random.Random(27)
    text = "\n".join(line(rng) for _ in range(1_500))
    result = compare(LISTED, text.encode(), asked=("10.1.1.5", "host:kt-pc01"))
    assert sum(row.count for row in result.sightings) > 200
    assert {row.logformat for row in result.sightings} == {"text", "suricata.eve"}
    assert any(row.kind == "doh" for row in result.bypasses)


def in_json(text: str, depth: int) -> str:
    """The text under keys that nobody peels, as JSON in JSON."""
    for number in range(depth):
        text = json.dumps({f"any{number}": text})
    return text


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "said", ["evil.e\\u0078ample", "x\tevil.example", "a\nevil.example/b", "bu\u0308cher.example"]
)
def test_json_in_json_hides_no_name(depth: int, said: str) -> None:
    # Below, what is written as an escape is spelled as one at the same depth.
    line = in_json(f'{{"client":"10.1.1.5","host":"{said}"}}', depth)
    result = compare(["evil.example", "xn--bcher-kva.example"], f"{line}\n".encode() * 3)
    assert [(row.count, row.device) for row in result.sightings] == [(3, "10.1.1.5")]


def test_a_second_name_that_only_an_escape_hides_counts() -> None:
    line = r'{"say":"evil.example, then b\u0061d.co.test by 10.1.1.5"}'
    result = compare(["evil.example", "bad.co.test"], f"{line}\n".encode())
    told = [(row.indicator, row.device) for row in result.sightings]
    assert told == [("bad.co.test", "10.1.1.5"), ("evil.example", "10.1.1.5")]


@pytest.mark.parametrize(
    ("line", "machine"),
    [
        (r'{"say":"client\t10.1.1.5 asked evil.example"}', "10.1.1.5"),
        (r'{"say":"cli\u0065nt=10.1.1.5 asked evil.example from server 10.1.1.9"}', "10.1.1.5"),
        # Two addresses, and nobody says which is the machine.
        (r'{"other":"10.1.1.9","say":"\t10.1.1.5 evil.example"}', None),
        # Nobody takes a folder for an address.
        (r'{"path":"C:\\new\\tools","say":"10.1.1.5 asked evil.example"}', "10.1.1.5"),
    ],
)
def test_an_escape_hides_no_machine(line: str, machine: str | None) -> None:
    result = compare(["evil.example"], f"{line}\n".encode())
    assert [row.device for row in result.sightings] == [machine]


COLOUR = ("\x1b[36m", "#033[36m", "^[[1;36m", r"\x1b[36m", r"\033[36m", r"\u001b[36m", r"\\u001B[36m")
END = ("\x1b[0m", "#033[0m", "^[[0m", r"\x1b[0m", r"\033[0m", r"\u001b[0m", r"\\u001B[0m")


@pytest.mark.parametrize(("colour", "end"), [*zip(COLOUR, END, strict=True)])
def test_colours_spelled_as_text_hide_no_name(colour: str, end: str) -> None:
    lines = [
        f"Oct  6 01:02:03 gw app: client=10.1.1.5 host={colour}evil.example{end}!",
        f"Oct  6 01:02:03 gw app: client={colour}10.1.1.5{end} host=ev{colour}il.exa{end}mple",
        f"client=10.1.1.5 {'nothing ' * 40} host={colour}evil.example{end}",
    ]
    for line in lines:
        # The last one is a long line.
        result = compare(
            ["evil.example"], f"{line}\n".encode(), limits={"long_line": 300, "parsed_part": 100}
        )
        assert [row.matched for row in result.sightings] == ["evil.example"], line[:100]


def test_colours_of_a_known_format_hide_no_name() -> None:
    line = EVE.format(r"\u001b[36mevil.example\u001b[0m")
    (row,) = compare(["evil.example"], f"{line}\n".encode()).sightings
    assert (row.logformat, row.field, row.device) == ("suricata.eve", "query", "10.1.1.5")
    # A pattern of a search is no colour.
    line = EVE.format("a.evil.example.b.#033[0-9]")
    assert not list(compare(["evil.example"], f"{line}\n".encode()).sightings)


MIKROTIK = "<30>Nov 27 10:00:{:02} MikroTik query from 192.168.88.20: #{} {}. A"
BIND = (
    "21-Sep-2026 10:00:{:02}.123 queries: info: client @0x7f8a 10.1.1.7#{} ({}): query: {} IN A +E(0)K"
    " (10.0.0.53)"
)


@pytest.mark.parametrize("number", [177, 1770, 17712, 1770000])
def test_a_port_or_the_number_of_a_query_is_no_control_character(number: int) -> None:
    lines = [MIKROTIK.format(at, number + at, name) for at, name in enumerate(("ok.test", "evil.example"))]
    (row,) = compare(["evil.example"], "".join(f"{line}\n" for line in lines).encode()).sightings
    assert (row.logformat, row.device, row.field) == ("mikrotik.routeros", "192.168.88.20", "query")
    lines = [BIND.format(at, number, name, name) for at, name in enumerate(("ok.test", "evil.example"))]
    (row,) = compare(["evil.example"], "".join(f"{line}\n" for line in lines).encode()).sightings
    assert (row.logformat, row.device) == ("bind", "10.1.1.7")


def test_what_a_terminal_erases_before_a_name_joins_nothing_to_it() -> None:
    for line in (
        "ok\x1b[2Kevil.example",
        "ok#033[1Kevil.example",
        "ev\x1b[0Kil.example",
        "ev\x1b]8;;a\x1b\\il.example",
    ):
        assert [row.matched for row in compare(["evil.example"], f"{line}\n".encode()).sightings] == [
            "evil.example"
        ]


MARKS = "“”‘’‚„«»‹›「」『』《》【】〈〉–—…•→←⇒↗、，：；（）"
UNSEEN = "\u00a0\u2003\u202f\u3000\u200e\u200f\u202a\u202e\u2066\u2069"


@pytest.mark.parametrize("word", ["evil.example", "bücher.example", "b\\u00fccher.example"])
def test_typographic_marks_part_words(word: str) -> None:
    lines = []
    for mark in MARKS + UNSEEN:
        lines += [f"máy 10.1.1.5 truy cập {mark}{word}{mark}\n", f"10.1.1.5 có{mark}{word}{mark}rồi\n"]
        lines.append(f"10.1.1.5 mở https://{word}{mark}\n")
        lines.append(f'{{"client":"10.1.1.5","any":"x\\u{ord(mark):04x}{word}\\u{ord(mark):04x}y"}}\n')
    if "\\" in word:
        lines = [line for line in lines if line.startswith("{")]
    result = compare(["evil.example", "xn--bcher-kva.example"], "".join(lines).encode())
    assert [(row.count, row.device) for row in result.sightings] == [(len(lines), "10.1.1.5")]


def test_every_blank_quotation_mark_and_arrow_parts_words() -> None:
    kinds = {"Zs", "Pi", "Pf"}
    found = [c for c in map(chr, range(0x80, 0x3100)) if unicodedata.category(c) in kinds]
    found = [c for c in found if not "\u2e00" <= c < "\u2e80"]
    found += map(chr, range(0x2190, 0x2200))
    text = "".join(f"10.1.1.5 x{c}evil.example{c}y\n" for c in found)
    assert sum(row.count for row in compare(["evil.example"], text.encode()).sightings) == len(found) > 130


def test_what_idna_maps_into_a_name_parts_no_word() -> None:
    text = "10.1.1.5 ev\u00adil.example\n10.1.1.5 evil\u200b.example\n10.1.1.5 notevil.example"
    assert sum(row.count for row in compare(["evil.example"], text.encode()).sightings) == 2


def test_a_mark_ends_a_url_as_a_quote_does_and_a_dash_only_its_host() -> None:
    listed = ["shared.test/a/gate.php", "evil.example"]
    text = "10.1.1.5 mở “https://shared.test/a/gate.php”, rồi nghỉ\n10.1.1.5 http://shared.test/a/gate.php…\n"
    (row,) = compare(listed, text.encode()).sightings
    assert (row.indicator, row.count) == ("shared.test/a/gate.php", 2)
    # What stands in a path or a query is only mentioned.
    text = "10.1.1.5 GET https://fine.test/a–evil.example\n10.1.1.5 GET https://fine.test/?q=a–evil.example\n"
    assert not list(compare(listed, text.encode()).sightings)


@pytest.mark.parametrize(
    "colour",
    [
        *(
            r"\u0023033[36m",
            r"\u005e[[36m",
            r"#033\u005b36m",
            r"^\u005b[36m",
            r"^[\u005b36m",
            r"\x1b\u005b36m",
        ),
        *(r"#033[1\u003b36m", r"\u001b[\u003e4m", r"\\u0023033[0m", r"\u001b\u005b1\u003b36\u006d"),
    ],
)
@pytest.mark.parametrize("word", ["{}evil.example", "ev{}il.example", "{}203.0.113.9", "203.0{}.113.9"])
def test_an_escape_within_a_colour_hides_no_name(colour: str, word: str) -> None:
    line = f'{{"client":"10.1.1.5","q":"{word.format(colour)}"}}\n'
    (row,) = compare(["evil.example", "203.0.113.9"], line.encode()).sightings
    assert (row.count, row.device) == (1, "10.1.1.5")


@pytest.mark.parametrize(
    "sign",
    [
        *(r"\u001b(B", r"\u0023033\u0028B", r"\u001b[m\u000f", r"\\e[1m", r"\u005c\u005ce[0m"),
        *(r"\u001b]0;kt-pc01\u0007", r"^[]0\u003bt^G", r"\u001b\u005d133;A^G", r"\u001b]8;;\u001b\\"),
        *("\x1b]0;t\x07", "\x1b]0\\u003bt^G", "^[]0;t^G", "#033]0;t#033\\\\", r"\\x1b]0;t\\a"),
    ],
)
@pytest.mark.parametrize("word", ["{}evil.example", "ev{}il.example", "{}203.0.113.9", "203.0{}.113.9"])
def test_a_title_or_a_set_of_characters_hides_no_name(sign: str, word: str) -> None:
    line = f'{{"client":"10.1.1.5","q":"{word.format(sign)}"}}\n'
    (row,) = compare(["evil.example", "203.0.113.9"], line.encode()).sightings
    assert (row.count, row.device) == (1, "10.1.1.5")


def test_what_follows_a_title_stays_where_an_escape_keeps_a_quotation_mark() -> None:
    """A client may write such a beginning into one field and such an end into another."""
    line = '{"client":"10.1.1.5","a":"\\u001b]0;x\\u001b\\", b","q":"evil.example\\u0007"}\n'
    (row,) = compare(["evil.example"], line.encode()).sightings
    assert (row.count, row.device) == (1, "10.1.1.5")


@pytest.mark.parametrize(
    ("sign", "word"),
    [("\x1b[36m", "evil.example"), ("\x1b[>4m", "ev\x1b[>4mil.example"), ("#033]0;t#007", "evil.example")],
)
def test_a_long_line_of_signs_of_a_terminal_hides_no_name(sign: str, word: str) -> None:
    """More of them than a piece of a long line has bytes."""
    line = f"client 10.1.1.5 {sign * (1_300_000 // len(sign))}{word}\n"
    (row,) = compare(["evil.example"], line.encode()).sightings
    assert (row.count, row.device) == (1, "10.1.1.5")


def test_the_word_at_the_end_of_the_parsed_part_of_a_long_line_is_looked_at() -> None:
    (sample, *_) = logformat.load_all()["fortinet.fortigate"].samples
    start = f'{sample.line} msg="'
    line = f'{start}{"x" * (65_536 - len(start) - 5)} evil.example {"y " * 600_000}"\n'
    # In a file of that format, and in a text.
    for before in (f'{start}"\n{start}"\n', "Some text\nand more\nof it\n"):
        found = compare(["evil.example"], f"{before}{line}".encode())
        assert found.coverage.not_understood == 1


@pytest.mark.parametrize(
    ("listed", "label"),
    [
        # Both directions in a label, a mark that begins it, a joiner that joins nothing.
        ("xn--ab-vld", "aאb"),
        ("xn--b-wbb", "\u0301b"),
        ("xn--ab-m1t", "a\u200db"),
        ("xn--bcher-kva", "BÜCHER"),
    ],
)
def test_a_label_that_breaks_rules_is_found_where_its_a_label_is_listed(listed: str, label: str) -> None:
    escaped = json.dumps(label)[1:-1]
    lines = [f"10.1.1.5 asked {label}.test", f'{{"client":"10.1.1.5","any":"{escaped}.test"}}']
    found = compare([f"{listed}.test"], "".join(f"{line}\n" for line in lines).encode()).sightings
    assert [(row.count, row.device) for row in found] == [(2, "10.1.1.5")]


def test_both_engines_spell_every_label_the_same() -> None:
    rng = random.Random(8)
    letters = "aאבб٣é\u0301\u200c\u200dक\u094dß·3-Aｘ\u00ad"
    labels = ["".join(rng.choices(letters, k=rng.randrange(2, 6))) for _ in range(300)]
    named = {label: name(label) for label in labels}
    listed = [found for found in named.values() if found.startswith("xn--")][::2]
    text = "".join(f"10.1.1.5 asked {label}.test\n" for label in labels)
    found = compare([f"{label}.test" for label in dict.fromkeys(listed)], text.encode()).sightings
    assert sum(row.count for row in found) >= len(listed) > 100


def test_full_stops_of_other_scripts_are_dots_of_a_name_in_free_text() -> None:
    lines = [
        "client 10.1.1.5 asked evil。example",
        "client 10.1.1.5 asked evil．example, then nothing",
        "client 10.1.1.5 opened https://evil｡example/x",
        r'{"client":"10.1.1.5","any":"evil\u3002example"}',
        "client 10.1.1.5 opened shared。test/a/gate.php",
    ]
    text = "".join(f"{line}\n" for line in lines)
    found = compare(["evil.example", "shared.test/a/gate.php"], text.encode())
    told = [(row.indicator, row.count) for row in found.sightings]
    assert told == [("evil.example", 4), ("shared.test/a/gate.php", 1)]
