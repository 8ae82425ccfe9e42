"""Fixtures of the tests of the scanner to carry; other files of this folder have a Windows for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.stick.windows import ROOT, Windows, built


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """One for all tests of a file."""
    drive = tmp_path_factory.mktemp("usb") / "Thẻ nhớ số 1"
    drive.mkdir()
    made = Windows(ROOT / "var/stick/wine", drive)
    made.start()
    yield made
    made.settle()


@pytest.fixture(scope="module")
def scanner(windows: Windows) -> Path:
    """The unpacked folder on drive E:."""
    with ZipFile(built("scanner", "--kind", "scanner")) as zipped:
        zipped.extractall(windows.drive)
    (folder,) = (path for path in windows.drive.iterdir() if path.name.startswith("quetsach-scanner"))
    return folder
