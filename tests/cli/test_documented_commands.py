"""Every command in the documents exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from quetsach.cli import root

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(page for page in ROOT.glob("docs/**/*.md") if "adr" not in page.parts),
]
SHOWN = re.compile(r"^(?: {4}|)(?:\.venv/bin/)?(quetsach .*)|`(quetsach [^`]+)`", re.M)
NOT_OURS = re.compile(r"\s(?:[|>#]|&&)\s.*")


def shown(page: Path) -> Iterator[list[str]]:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for block, inline in SHOWN.findall(text):
        yield shlex.split(NOT_OURS.sub("", (block or inline).replace("…", "")))[1:]


def options_of(words: list[str]) -> set[str]:
    """The options of the command that the words name. Raises ValueError for an unknown command."""
    command: click.Command = root.group()
    known = named(command)
    for at, word in enumerate(words):
        if word == "manage" and words[at + 1 :]:
            name = words[at + 1]
            return known | set(
                load_command_class(get_commands()[name], name).create_parser("", name)._option_string_actions
            )
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word.split("|")[0])
        if found is not None:
            command = found
            known |= named(command)
        elif not (word.startswith("-") or words[at - 1] == "--lang" or command.invoke_without_command):
            raise ValueError(f"{word} is no command of {command.name}")
    return known


def named(command: click.Command) -> set[str]:
    return {"--help", *(name for one in command.params for name in (*one.opts, *one.secondary_opts))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_are_there_with_their_options(page: Path) -> None:
    for words in shown(page):
        asked = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert asked <= options_of(words), words


def test_addresses_of_the_portal_are_there() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    commands = root.group().commands
    texts += [command.get_help(click.Context(command)) for command in commands.values()]
    found = {path for text in texts for path in re.findall(r"https://quetsach\.example(/[^\s'\"`)?]*)", text)}
    assert "/api/v1/indicators" in found
    for path in found:
        resolve(path)


def test_commands_are_found_in_the_documents() -> None:
    assert sum(1 for page in PAGES for _ in shown(page)) > 100
