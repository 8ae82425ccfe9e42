"""A pack of a campaign that the stick trusts since it was built is used without a question; of another, a
person is asked once. The answer is kept beside the pack, and shown at each start."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
import pytest

from quetsach import __version__
from quetsach.endpoint import keys, manifest, pack, suffixes
from quetsach.endpoint.manifest import Manifest
from quetsach.stick import menu
from tests.endpoint.packs import PACK, SIGNING

OTHER = bytes(range(32))
KEY = keys.public("signing", SIGNING)
NAME = f"a{suffixes.PACK}"
ANSWER = f"{NAME}.xac-nhan"


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[menu.Stick, int, str]]:
    """Start the stick; returns it, the number of questions, and its words."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(pack, "check_time", lambda *_given: None)
    (tmp_path / NAME).write_bytes(pack.build(PACK, SIGNING))

    def started(
        answer: str = "", *, trusted: tuple[bytes, ...] = (), is_asking: bool = True
    ) -> tuple[menu.Stick, int, str]:
        asked: list[str] = []

        def prompt(question: str, **_more: object) -> str:
            asked.append(question)
            return answer

        monkeypatch.setattr(click, "prompt", prompt)
        stick = menu.Stick(tmp_path, Manifest(__version__, True, {}, [one.hex() for one in trusted]))
        menu._choose_pack(stick, is_asking=is_asking)
        told = capsys.readouterr()
        return stick, len(asked), " ".join(f"{told.out} {told.err}".split())

    return started


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_trusted_pack_is_used_without_a_question(
    start: Callable[..., tuple[menu.Stick, int, str]], tmp_path: Path, is_trusted: bool
) -> None:
    stick, asked, told = start(trusted=(KEY,) if is_trusted else ())
    assert (stick.pack is not None, bool(asked)) == (is_trusted, not is_trusted)
    assert ("nobody has confirmed" in told) != is_trusted
    assert "was confirmed by" not in told and not (tmp_path / ANSWER).exists()


def test_an_answer_is_kept_beside_the_pack_and_shown_at_each_start(
    start: Callable[..., tuple[menu.Stick, int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.node", lambda: "PC-07\x1b[31m")
    shown = (
        f"{keys.fingerprint(KEY)}, was confirmed by a person on {date.today():%d/%m/%Y} at the machine PC-07"
    )
    stick, asked, told = start("y")
    assert stick.pack is not None and asked == 1 and shown in told
    for _next in range(2):
        # On the next machine nothing is asked, also where nobody sits before it.
        stick, asked, told = start(is_asking=False)
        assert stick.pack is not None and asked == 0
        assert shown in told and f"delete the file {ANSWER}" in told and "\x1b" not in told
    assert manifest._may_come(ANSWER) and not manifest._may_come(f"he-thong/{ANSWER}")
    (tmp_path / ANSWER).unlink()
    stick, asked, _told = start()
    assert stick.pack is None and asked == 1


@pytest.mark.parametrize("what", ["another key", "no form", "cut off", "not text", "a folder", "long"])
def test_an_answer_about_another_key_or_a_broken_one_counts_for_nothing(
    start: Callable[..., tuple[menu.Stick, int, str]], tmp_path: Path, what: str
) -> None:
    start("y")
    place = tmp_path / ANSWER
    told = json.loads(place.read_bytes())
    place.unlink()
    match what:
        case "another key":
            place.write_text(json.dumps(told | {"key": keys.public("signing", OTHER).hex()}))
        case "no form":
            place.write_text(json.dumps([told]))
        case "cut off":
            place.write_text(json.dumps(told)[:-3])
        case "not text":
            place.write_bytes(b"\xff\xfe\x00")
        case "long":
            place.write_text(json.dumps({"x": "y" * 9_000, **told}))
        case _:
            place.mkdir()
    stick, asked, said = start()
    assert stick.pack is None and asked == 1 and "nobody has confirmed" in said


def test_an_answer_that_cannot_be_kept_is_told_and_counts_now(
    start: Callable[..., tuple[menu.Stick, int, str]], tmp_path: Path
) -> None:
    (tmp_path / ANSWER).mkdir()
    stick, asked, told = start("y")
    assert stick.pack is not None and asked == 1 and "cannot be kept here" in told
