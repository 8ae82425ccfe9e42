"""A backup file: a ZIP with the database, the uploaded files, the portal's key and a list of checksums.

`manifest.json` is written last, so a file without it was cut short. The archive holds everything that the
portal protects: only its owner may read it, and it belongs on another disk than the portal's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from quetsach.errors import PortalError
from quetsach.text.problems import quoted

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
KEY = "secret-key"
FILES = "files/"
LARGEST_MANIFEST = 256 * 1024 * 1024
_BLOCK = 1024 * 1024


class BackupError(PortalError):
    """The backup or restore stops here; the text says the reason and the remedy."""


@dataclass(frozen=True)
class Member:
    """One file of the archive: its length in bytes and the SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """An archive's content. `migrations` are the database's, as `app.name`; `made_at` is ISO 8601 in UTC."""

    format: int
    program: str
    made_at: str
    vendor: str
    migrations: list[str]
    members: dict[str, Member] = field(default_factory=dict)


@contextmanager
def writing(target: Path, scratch: Path) -> Iterator[zipfile.ZipFile]:
    """A new archive. It lies in `scratch`, a folder on the same disk, and gets its name when all of it is on
    the disk."""
    partial = scratch / "archive"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            yield archive
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


def add(archive: zipfile.ZipFile, name: str, source: IO[bytes]) -> Member:
    """Copy a stream into the archive, however long it is."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return Member(size, digest.hexdigest())


def seal(archive: zipfile.ZipFile, manifest: Manifest, sign: Callable[[bytes], bytes]) -> None:
    """Write the manifest as the last member, and its signature as the archive's comment."""
    content = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
    archive.writestr(MANIFEST, content)
    archive.comment = sign(content)


@contextmanager
def reading(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """An existing archive and its manifest. Raises BackupError for a file that is not a whole backup."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _manifest(archive)
    except zipfile.BadZipFile as error:
        raise BackupError(
            _("%(file)s: not a backup, or cut short (%(why)s). Nothing was changed.")
            % {"file": path, "why": quoted(str(error))}
        ) from error
    except OSError as error:
        raise BackupError(
            _("%(file)s: %(why)s. Nothing was changed.")
            % {"file": path, "why": quoted(error.strerror or str(error))}
        ) from error


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise ValueError("its list of contents is too long")
        fields = json.loads(archive.read(MANIFEST))
        members = {name: Member(**member) for name, member in fields.pop("members").items()}
        manifest = Manifest(**fields, members=members)
        if datetime.fromisoformat(manifest.made_at).tzinfo is None:
            raise ValueError("its time is not one of the whole world")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupError(
            _("%(file)s: no backup of this portal. Nothing was changed.") % {"file": archive.filename}
        ) from error
    if manifest.format != FORMAT:
        raise BackupError(
            _(
                "%(file)s: made by %(program)s in form %(its)s; this program reads form %(ours)s. Install"
                " that version first. Nothing was changed."
            )
            % {
                "file": archive.filename,
                "program": manifest.program,
                "its": manifest.format,
                "ours": FORMAT,
            }
        )
    return manifest


def unpack(archive: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    """Write every member below the folder, comparing lengths and checksums. Raises BackupError."""
    listed, present = set(manifest.members), set(archive.namelist()) - {MANIFEST}
    if listed != present:
        odd = sorted(listed ^ present)[0]
        raise BackupError(
            _("%(file)s: '%(name)s' is missing or not on its list. Nothing was changed.")
            % {"file": archive.filename, "name": odd}
        )
    needed = sum(member.size for member in manifest.members.values())
    if shutil.disk_usage(folder).free < needed:
        raise BackupError(
            _("%(folder)s: %(size)s are needed to unpack. Nothing was changed.")
            % {"folder": folder, "size": filesizeformat(needed)}
        )
    for name, member in manifest.members.items():
        target = folder / _inside(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with archive.open(name) as source, target.open("wb") as copy:
            while (block := source.read(_BLOCK)) and size <= member.size:
                digest.update(block)
                size += len(block)
                copy.write(block)
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            raise BackupError(
                _("%(file)s: '%(name)s' is damaged. Nothing was changed.")
                % {"file": archive.filename, "name": name}
            )


def _inside(name: str) -> PurePosixPath:
    """The member's path; raises BackupError for a path that leads out of the folder."""
    path = PurePosixPath(name)
    plain = path.parts and not path.is_absolute() and ".." not in path.parts and "\\" not in name
    if not plain or "\0" in name or (name not in {DATABASE, KEY} and not name.startswith(FILES)):
        raise BackupError(_("'%(name)s' does not belong in a backup. Nothing was changed.") % {"name": name})
    return path
