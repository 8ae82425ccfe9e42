"""Names and machines that escapes, colours and letters outside ASCII hide: both engines see the same."""

from __future__ import annotations

import json
import random

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
    *("\\u001b[36m", "\\u001b[40G", "\\ud83d\\udce2", "\\\\", "\\/", '\\"', "C:\\\\Địa", "tới", "("),
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
            f'{{"event_type":"dns","src_ip":"10.1.1.5","dns":{{"rrname":"{text}"}}}}',
        )
    )


def test_both_engines_see_the_same_in_words_that_hide_something() -> None:
    rng = random.Random(27)
    text = "\n".join(line(rng) for _ in range(1_500))
    result = compare(LISTED, text.encode(), asked=("10.1.1.5", "host:kt-pc01"))
    assert sum(row.count for row in result.sightings) > 200
    assert result.coverage.not_understood > 50
