"""The check of references (`tools/references.py`) on made trees: it names those that lead nowhere."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"
Findings = Callable[[Path], list[str]]
FILES = {
    "README.md": "# Read me\n\n## First steps: *now*\n\nSee [the page](docs/page.md#2-two-things).\n",
    "docs/page.md": "# Page\n\n## 1. One\n\n## 2. Two things\n",
    "docs/adr/0003-a-choice.md": "# 3. A choice\n",
    "src/quetsach/__init__.py": "",
    "src/quetsach/files/__init__.py": "",
    "src/quetsach/files/source.py": "SIZE = 4096\n\n\ndef read() -> None: ...\n",
    "crates/matcher/src/lib.rs": "// Reads `files/source.py`.\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name, content in FILES.items():
        plant(tmp_path, name, content)
    return tmp_path


def plant(tree: Path, name: str, content: str) -> None:
    file = tree / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Findings:
    monkeypatch.syspath_prepend(TOOLS)
    references = importlib.import_module("references")

    def run(tree: Path) -> list[str]:
        code = references.main(tree)
        found = capsys.readouterr().out.splitlines()
        assert code == (1 if found else 0)
        return found

    return run


def test_a_tree_in_which_everything_resolves_is_silent(tree: Path, findings: Findings) -> None:
    plant(
        tree,
        "src/quetsach/files/packed.py",
        '"""docs/page.md 1 to 2, ADR 3: `files.source.read`, quetsach.files.source.SIZE, `source.py`."""\n'
        "# Made here: `var/`, and FILE.toml is yours; quetsach.example.vn is a host.\n",
    )
    plant(
        tree,
        "docs/a.md",
        "[up](../README.md#first-steps-now), `src/quetsach`: `files/`, [web](https://a.vn/b)\n",
    )
    assert findings(tree) == []


@pytest.mark.parametrize(
    ("name", "content", "finding"),
    [
        ("docs/a.md", "[x](gone.md)", "docs/a.md:1: gone.md: no such file"),
        ("docs/a.md", "\n[x](page.md#3-three)", "docs/a.md:2: page.md#3-three: no such heading"),
        ("docs/a.md", "`feeds/forms/`", "docs/a.md:1: feeds/forms/: no such folder"),
        ("docs/a.md", "`aside.py`", "docs/a.md:1: aside.py: no such file"),
        ("docs/a.md", "`files.sources`", "docs/a.md:1: files.sources: no such module"),
        ("docs/a.md", "`files.source.LEAST`", "docs/a.md:1: files.source.LEAST: no such module"),
        ("a.py", '"""See docs/page.md 3."""', "a.py:1: docs/page.md 3: no such section"),
        ("a.py", "x = 1\n# Why: docs/contract.md\n", "a.py:2: docs/contract.md: no such file"),
        ("a.py", 'x = 1\n"""As in ADR 4."""\n', "a.py:2: ADR 4: no such decision"),
        ("a.py", "# quetsach.files.source.write\n", "a.py:1: quetsach.files.source.write: no such module"),
        ("a.rs", "/// As `scanning/engine.py` says.\n", "a.rs:1: scanning/engine.py: no such file"),
        ("a.sh", "#!/bin/sh\n# Ask tools/gone.py first.\n", "a.sh:2: tools/gone.py: no such file"),
    ],
)
def test_what_leads_nowhere_is_named(
    tree: Path, findings: Findings, name: str, content: str, finding: str
) -> None:
    plant(tree, name, content)
    assert findings(tree) == [finding]


def test_a_module_that_moves_leaves_its_references_behind(tree: Path, findings: Findings) -> None:
    plant(tree, "docs/a.md", "`src/quetsach/files/source.py`")
    (tree / "src/quetsach/files/source.py").rename(tree / "src/quetsach/source.py")
    assert findings(tree) == [
        "crates/matcher/src/lib.rs:1: files/source.py: no such file",
        "docs/a.md:1: src/quetsach/files/source.py: no such file",
    ]
