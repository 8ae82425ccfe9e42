"""Thirty machines, one after another: put the stick in, double-click, answer once, pull it out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from quetsach import __version__, cli
from quetsach.endpoint import keys, manifest, pack, suffixes
from quetsach.endpoint.manifest import Manifest
from quetsach.stick import menu
from quetsach.text import language
from tests.endpoint.packs import PACK, SIGNING

KEY = keys.public("signing", SIGNING).hex()
MACHINES = [f"PC-{number:02d}" for number in range(1, 31)]


class PulledOut(Exception):
    """The person leaves the machine: this question is never answered."""


class Person:
    """Gives answers in their order, and keeps the questions; when no answer is left, pulls the stick out."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.typed = 0

    def prompt(self, question: str, default: str = "", **_more: object) -> str:
        self.asked.append(" ".join(question.split()))
        if not self.answers:
            raise PulledOut
        self.typed += 1
        return self.answers.pop(0) or default


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Person, list[list[str]]]]:
    """Start the stick at a machine; returns the person, and the commands that ran."""
    monkeypatch.setattr(pack, "check_time", lambda *_given: None)
    monkeypatch.setenv("QUETSACH_LANG", "en")
    language.use("en")
    (tmp_path / f"a{suffixes.PACK}").write_bytes(pack.build(PACK, SIGNING))

    def at(machine: str, *answers: str, saves: bool = True) -> tuple[Person, list[list[str]]]:
        person, ran = Person(*answers), list[list[str]]()

        def run(arguments: list[str]) -> int:
            ran.append(arguments)
            if not saves:
                return cli.INCOMPLETE
            Path(arguments[arguments.index("--seal") + 1]).write_bytes(b"{}")
            return cli.NOTHING

        monkeypatch.setattr("platform.node", lambda: machine)
        monkeypatch.setattr(click, "prompt", person.prompt)
        monkeypatch.setattr(cli, "run", run)
        stick = menu.Stick(tmp_path, Manifest(__version__, True, {}, [KEY]))
        with pytest.raises(PulledOut):
            menu.run(stick, [])
        return person, ran

    return at


def test_each_of_thirty_machines_takes_one_answer(
    visit: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, machine in enumerate(MACHINES):
        person, (command,) = visit(machine, "" if number else "12")
        assert person.typed == 1
        told = " ".join(capsys.readouterr().out.split())
        assert "Pull it out and go on with the next machine" in told
        # The stick is pulled out while this last question is open: the result is saved before it.
        assert person.asked[-1] == "Type y to send it, Enter not to"
        assert command[command.index("--people") + 1] == ("1" if number else "12")
    names = {path.name.rsplit("-", 2)[0] for path in (tmp_path / manifest.RESULTS).iterdir()}
    assert names == set(MACHINES)


def test_a_machine_with_a_result_opens_the_menu_and_is_told_why(
    visit: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit("PC-07", "1")
    assert "has a result" not in capsys.readouterr().out
    folder = tmp_path / manifest.RESULTS
    (made,) = folder.iterdir()
    made.rename(folder / f"PC-07-20261130-081500{suffixes.RESULT}")
    # Such a file of another program has a name like ours, and tells no time.
    (folder / f"PC-07-99999999-999999{suffixes.RESULT}").touch()
    person, ran = visit("pc-07")
    assert (person.asked, ran) == (["Your choice"], [])
    told = " ".join(capsys.readouterr().out.split())
    assert "a machine with the name PC-07, of 30/11/2026 08:15." in told
    assert "another machine of the same name, take choice 1" in told
    # Where two were copied from one disk, the second is checked by the choice that is offered first.
    assert visit("PC-07", "")[1][0][0] == "check"


@pytest.mark.parametrize("other", ["PC-071", "PC", "PC-07-20261130"])
def test_a_machine_of_a_similar_name_is_another(visit: Callable[..., Any], other: str) -> None:
    visit("PC-07", "1")
    assert visit(other, "2")[1]


def test_the_menu_and_the_other_language_are_a_letter_away(
    visit: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    person, ran = visit("PC-07", "l", "many", "m")
    assert ran == [] and person.asked[-1] == "Chọn mục"
    assert "Hãy gõ một số" in capsys.readouterr().out


def test_without_a_pack_the_menu_opens(visit: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / f"a{suffixes.PACK}").unlink()
    assert visit("PC-07")[0].asked == ["Your choice"]


def test_a_check_that_saved_nothing_does_not_say_that_it_is_saved(
    visit: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert visit("PC-07", "1", saves=False)[0].asked[-1] == "Your choice"
    assert "Pull it out" not in capsys.readouterr().out
