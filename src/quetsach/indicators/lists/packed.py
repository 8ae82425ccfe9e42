"""Recognises bytes that are no text: a workbook, the result of a scan, or neither."""

from __future__ import annotations

import io
import re
import zipfile
from typing import NamedTuple

from quetsach.files import bounded_process
from quetsach.files.compoundfile import MAGIC

ZIP = b"PK\x03\x04"
_WORKBOOKS = {"xl/workbook.xml", "xl/workbook.bin"}
_BEGUN = re.compile(rb"PK\x03\x04.{26}xl/", re.DOTALL)
"""The start of a workbook's part in a ZIP (APPNOTE 4.3.7), also where the directory is missing."""
_STREAM_OF_EXCEL = "Workbook".encode("utf-16-le")
"""The stream that only a workbook has, among the old formats of Office ([MS-XLS])."""


class Package(NamedTuple):
    """`is_workbook`: Office Open XML (ECMA-376; also .xlsb, or cut off) or Excel 97 to 2003. `is_result`: a
    scan wrote it."""

    is_workbook: bool
    is_result: bool


TEXT = Package(False, False)


def package(data: bytes) -> Package:
    """Decides by the first bytes, and for a ZIP by its members. Raises BusyError."""
    if data.startswith(MAGIC):
        return Package(_STREAM_OF_EXCEL in data, False)
    if not data.startswith(b"PK"):
        return TEXT
    try:
        return _looked(data)
    except bounded_process.BusyError:
        raise
    except bounded_process.NotReadError:
        # A file that cannot be opened is no workbook that could be read.
        return TEXT


@bounded_process.bounded(seconds=20, imports=("quetsach.files.openers.zip",))
def _looked(data: bytes) -> Package:
    from quetsach.files.openers import zip as openers_zip

    is_workbook = False
    if data.startswith(ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                is_workbook = not _WORKBOOKS.isdisjoint(packed.namelist())
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            # Half a list must not count; taken for a workbook, it will be reported as damaged.
            is_workbook = _BEGUN.search(data) is not None
    return Package(is_workbook, openers_zip.is_result(io.BytesIO(data)))
