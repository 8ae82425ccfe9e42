"""What the command line understands by itself is what click would have understood."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from quetsach import cli
from quetsach.cli import plain, scan_options

OPTIONS = ("-i", "--indicators", "-o", "--output", "--tz", "--format", "--jobs", "--source-name", "--lang")
WORDS = (
    *("scan", "a.log", "b", "-", "--", "", "3", "0", "257", "+1", "٣", "vi"),
    *(*OPTIONS, "--json", "--devices", "--help", "--state", "--push", "--no"),
    *("-ilist", "--jobs=2", "--jobs=", "--tz=UTC", "--lang=en", "-i=x", "--indicators=x"),
)
GROUPS = (
    *("-i s", "-i s t", "--indicators s", "--indicators=s", "-o x.jsonl", "--json", "--devices", "--tz UTC"),
    *("--jobs 2", "--lang en", "--format=squid", "c.log"),
)
ORDINARY = st.tuples(
    st.lists(st.sampled_from(["a.log", "b.log"]), min_size=1, max_size=2),
    st.lists(st.sampled_from(GROUPS), max_size=5),
).map(lambda parts: ["scan", *parts[0], *" ".join(parts[1]).split()])


@drawn(st.one_of(ORDINARY, st.lists(st.sampled_from(WORDS), max_size=9).map(lambda words: ["scan", *words])))
def test_click_understands_the_same(words: list[str]) -> None:
    given = plain.understood(words)
    if given is None:
        return
    context = scan_options.command().make_context("scan", words[1:])
    assert plain.with_paths(given) == context.params


@pytest.mark.parametrize(
    ("words", "paths", "lists"),
    [
        ("scan a -i s", ["a"], ["s"]),
        ("scan a b --json -i s -o x.jsonl -o y.csv", ["a", "b"], ["s"]),
        ("scan a -i s t --devices", ["a"], ["s", "t"]),
        ("scan -i s a", ["a"], ["s"]),
        ("--lang en scan a --indicators=s --tz=UTC --jobs 3", ["a"], ["s"]),
    ],
)
def test_an_ordinary_scan_is_understood(words: str, paths: list[str], lists: list[str]) -> None:
    given = plain.understood(words.split())
    assert given is not None
    assert (list(given["paths"]), list(given["indicators"])) == (paths, lists)


@pytest.mark.parametrize("words", ["scan", "scan a", "scan -i s", "--json scan a -i s", "explain scan -i s"])
def test_no_ordinary_scan_is_asked_of_click(words: str) -> None:
    assert plain.understood(words.split()) is None


@pytest.mark.parametrize(
    "more",
    [
        *("-i", "-is", "-", "--", "--help", "--jsn", "--fields client=x", "--state f", "--cluster local"),
        *("--jobs two", "--jobs 0", "--jobs 257", "--tz UTC --tz UTC", "--lang fr", "--source-name -x"),
    ],
)
def test_all_else_is_asked_of_click(more: str) -> None:
    assert plain.understood(["scan", "a", "-i", "s", *more.split()]) is None


def test_completion_by_the_shell_is_left_to_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_QUETSACH_COMPLETE", "bash_complete")
    assert plain.understood(["scan", "a", "-i", "s"]) is None


def test_an_ordinary_scan_never_asks_click(
    feed: Path, log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("click was asked")

    monkeypatch.setattr(click.Command, "main", refuse)
    assert cli.run(["scan", str(log), "-i", str(feed), "--json", "--lang", "en"]) == cli.FOUND
    assert '"type":"end"' in capfd.readouterr().out


@pytest.mark.native
@pytest.mark.parametrize(
    ("shown", "also"), [((), set()), (("--json",), {"quetsach.guard", "quetsach.indicator", "zoneinfo"})]
)
def test_an_ordinary_scan_imports_only_what_it_needs(
    shown: tuple[str, ...], also: set[str], feed: Path, log: Path, tmp_path: Path
) -> None:
    pytest.importorskip("quetsach._native", reason="the native engine is not built")
    compiled = tmp_path / "set.qs"
    cli.run(["indicators", "compile", str(feed), "-o", str(compiled)])
    words = ["scan", str(log), "-i", str(compiled), "-o", str(tmp_path / "out.jsonl"), "--lang", "en", *shown]
    heavy = also | {
        *(
            "ast",
            "click",
            "csv",
            "dataclasses",
            "gettext",
            "hashlib",
            "inspect",
            "platform",
            "random",
            "rich",
        ),
        *("shutil", "socket", "tempfile", "textwrap", "urllib3", "uuid"),
        *("quetsach.client", "quetsach.feed", "quetsach.fieldmap", "quetsach.leases.leaseformat"),
        *("quetsach.logformat", "quetsach.objectstore"),
        *("quetsach.scanning.splitting", "quetsach.scanning.state"),
    }
    code = (
        f"import sys; from quetsach.cli import run; assert run({words!r}) == 1;"
        f"print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"}, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
