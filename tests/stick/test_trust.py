"""A pack of a campaign that the stick trusts since it was built is used without a question."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from quetsach import __version__
from quetsach.endpoint import keys, pack, suffixes
from quetsach.endpoint.manifest import Manifest
from quetsach.stick import menu
from tests.endpoint.packs import PACK, SIGNING


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_trusted_pack_is_used_without_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_trusted: bool
) -> None:
    asked: list[str] = []

    def answer(question: str, **_more: object) -> str:
        asked.append(question)
        return ""

    monkeypatch.setattr(click, "prompt", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(pack, "check_time", lambda *_given: None)
    (tmp_path / f"a{suffixes.PACK}").write_bytes(pack.build(PACK, SIGNING))
    trusted = [keys.public("signing", SIGNING).hex()] if is_trusted else []
    stick = menu.Stick(tmp_path, Manifest(__version__, True, {}, trusted))
    menu._choose_pack(stick, is_asking=True)
    assert (stick.pack is not None, bool(asked)) == (is_trusted, not is_trusted)
    assert ("nobody has confirmed" in capsys.readouterr().err) != is_trusted
