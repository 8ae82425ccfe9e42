"""Gives uploaded files a path on the disk, since the readers need one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from quetsach.portal.indicators.actions import Upload
from quetsach.text.words import visible


def on_disk(file: UploadedFile[Any], folder: Path, number: int) -> Upload:
    """The file as an Upload. Large files are on the disk already; small ones are written to `folder`."""
    name = visible((file.name or f"{number}")[:200])[:200]
    if hasattr(file, "temporary_file_path"):
        return Upload(name, Path(file.temporary_file_path()), file.size or 0)
    path = folder / str(number)
    with path.open("wb") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
    return Upload(name, path, file.size or 0)
