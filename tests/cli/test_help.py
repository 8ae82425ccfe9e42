"""Help is complete in both languages, and needs no import that a scanner can do without."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files as files_of
from pathlib import Path

import click
import pytest

from quetsach.cli import root
from tests.command_line import Run


def commands(group: click.Group, *before: str) -> Iterator[list[str]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        yield [*before, name]
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)


COMMANDS = list(commands(root.group()))
WITH_EXAMPLES_BELOW = {"indicators", "document", "machines", "pack", "reports"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_command_explains_itself_with_examples(quetsach: Run, command: list[str], lang: str) -> None:
    code, out, _err = quetsach(*command, "--help", "--lang", lang)
    assert code == 0
    assert {"vi": "Cách dùng:", "en": "Usage:"}[lang] in out
    if len(command) > 1 or command[0] not in WITH_EXAMPLES_BELOW:
        assert {"vi": "Ví dụ:", "en": "Examples:"}[lang] in out
        assert f"  quetsach {' '.join(command)}" in out


def test_the_first_screen_lists_the_commands(quetsach: Run) -> None:
    code, out, _err = quetsach("--help", "--lang", "vi")
    assert code == 0
    assert "Các lệnh" in out
    assert {line.split()[0] for line in out.splitlines() if line.startswith("  ") and line.strip()} >= {
        "scan",
        "explain",
        "formats",
        "indicators",
        "push",
        "serve",
        "manage",
    }


def test_a_wrong_command_is_exit_code_2_in_vietnamese(quetsach: Run) -> None:
    code, _out, err = quetsach("--lang", "vi", "quet")
    assert code == 2
    assert "Không có lệnh 'quet'." in err


def test_the_portals_commands_are_told_in_vietnamese(quetsach: Run) -> None:
    code, out, _err = quetsach("--lang", "vi", "manage")
    assert code == 0
    assert "Tắt mã dùng một lần của một người." in out and "createsuperuser" in out
    code, _out, err = quetsach("--lang", "vi", "manage", "nosuch")
    assert code == 2
    assert "manage không có lệnh “nosuch”" in err


def test_starting_the_scanner_imports_no_portal() -> None:
    code = (
        "import sys; from quetsach.cli import run; run(['scan', '--help']);"
        "unwanted = {'django', 'waitress', 'xlsxwriter', 'idna', 'rich', 'publicsuffixlist'};"
        "print(unwanted & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"}, check=True
    )
    assert done.stderr.strip() == "set()"


@pytest.mark.parametrize(("lang", "rest"), [("vi", "văn bản khác"), ("en", "any other text")])
def test_every_format_is_listed_with_what_writes_it(quetsach: Run, lang: str, rest: str) -> None:
    code, out, _err = quetsach("formats", "--lang", lang)
    assert code == 0
    told = dict(line.split(maxsplit=1) for line in out.splitlines())
    files = Path(str(files_of("quetsach.logs").joinpath("formats"))).glob("*.toml")
    assert set(told) == {file.stem for file in files} | {"text"}
    assert "MikroTik" in told["mikrotik.routeros"] and rest in told["text"]
    assert [name for name in told if name != "text" and told[name] == told["text"]] == []
