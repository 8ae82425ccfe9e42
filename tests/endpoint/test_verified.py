"""The page of verified claims agrees with the tests: their marks decide, in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.endpoint.plants import DISK, LINUX, RUNNING

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/en/verified.md", "docs/vi/da-kiem-chung.md")
WAYS = {"wine": "wine", "disk": "ổ đĩa", "Linux": "Linux", "recorded": "bản ghi", "not at all": "chưa"}
SIGNS = {
    "test_planted_on_a_disk": DISK,
    "test_planted_in_a_recording": RUNNING,
    "test_planted_on_linux": LINUX,
}


def marked_tests() -> dict[str, set[str]]:
    """Name of a test → its marks and its file's marks, as words for how it was tested."""
    found: dict[str, set[str]] = {}
    for folder in ("tests/endpoint", "tests/stick"):
        for path in (ROOT / folder).rglob("test_*.py"):
            text = path.read_text(encoding="utf-8")
            whole = {"wine"} if re.search(r"^pytestmark = .*\bNEEDS_WINE\b", text, re.M) else set()
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    own = {ast.unparse(one).removeprefix("pytest.mark.") for one in node.decorator_list}
                    own &= {"recorded", "wine"}
                    found[node.name] = {"recorded"} if "recorded" in own else whole | own
    return found


def rows(page: str) -> list[tuple[str, str, list[str]]]:
    """The claim, the way of testing, and the tests of each row."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [(what, how, re.findall(r"`(test_\w+)`", named)) for what, how, named in cells[1:]]


def test_both_languages_say_the_same() -> None:
    english, vietnamese = map(rows, PAGES)
    assert [(WAYS[how], named) for _what, how, named in english] == [
        (how, named) for _what, how, named in vietnamese
    ]


@pytest.mark.parametrize("page", PAGES)
def test_what_it_names_is_tested_that_way(page: str) -> None:
    known = marked_tests()
    english = {there: here for here, there in WAYS.items()} | {here: here for here in WAYS}
    for what, how, named in rows(page):
        way = english[how]
        assert bool(named) != (way == "not at all"), what
        for name in named:
            assert known[name] == ({way} if way in ("wine", "recorded") else set()), name


def test_nothing_that_wine_or_a_recording_shows_is_left_out() -> None:
    named = {name for _what, _how, tests_ in rows(PAGES[0]) for name in tests_}
    marked = {name for name, marks in marked_tests().items() if marks}
    # These look at the files alone.
    assert marked - named == {
        "test_the_same_sources_give_the_same_bytes_in_any_folder_and_not_too_many",
        "test_its_modules_are_compiled_and_tell_nothing_of_the_builder",
        "test_it_asks_only_for_what_every_windows_has",
    }


@pytest.mark.parametrize("page", PAGES)
def test_the_numbers_of_signs_are_those_that_are_planted(page: str) -> None:
    told = [
        (name, int(number[1]))
        for what, _how, named in rows(page)
        for name in named
        if name in SIGNS and (number := re.search(r": (\d+)", what))
    ]
    assert dict(told) == {name: len(planted) for name, planted in SIGNS.items()}
