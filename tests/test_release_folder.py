"""The folder of a release: only an earlier release is removed from it."""

from __future__ import annotations

from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
SUMS = f"{'0' * 64}  a.whl\n{'0' * 64}  b.json\n"
EARLIER = ("SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.pem", "a.whl", "a.whl.sig", "a.whl.pem", "b.json")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for name in EARLIER:
        (tmp_path / name).write_text(SUMS if name == "SHA256SUMS" else "x")
    return tmp_path


def clear(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    import release

    release.clear(out)


def test_an_earlier_release_is_replaced(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear(monkeypatch, out)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", ["thesis.odt", "c.whl", "folder/x", "SHA256SUMS.old"])
def test_a_folder_with_other_files_stays_as_it_is(
    name: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    with pytest.raises(ValueError, match=name.partition("/")[0]):
        clear(monkeypatch, out)
    assert (out / name).read_text() == "mine"
    assert {path.name for path in out.iterdir()} == {*EARLIER, name.partition("/")[0]}


def test_without_the_sums_nothing_is_removed(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (out / "SHA256SUMS").unlink()
    with pytest.raises(ValueError):
        clear(monkeypatch, out)
    assert (out / "a.whl").is_file()
