"""Makes a backup of a running portal, and restores one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

import quetsach
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.audit.models import Entry
from quetsach.portal.backups import archive as box
from quetsach.portal.backups import signature
from quetsach.portal.backups.archive import BackupError, Manifest
from quetsach.portal.backups.databases import way
from quetsach.portal.backups.scratch import BACKUP, RESTORE, scratch
from quetsach.portal.backups.signature import Signer
from quetsach.portal.env import env_key
from quetsach.text.problems import quoted


def back_up(target: Path, *, overwrite: bool = False) -> Manifest:
    """Write everything that the portal keeps into one file. Raises BackupError.

    The database comes first: a file is on the disk before a row names it.
    """
    if target.exists() and not overwrite:
        raise BackupError(
            _("%(file)s is there already. Choose another name, or add --overwrite.") % {"file": target}
        )
    if not target.parent.is_dir():
        raise BackupError(_("%(folder)s is no folder. Make it first.") % {"folder": target.parent})
    with transaction.atomic():
        record(None, "backup.make", data={"file": target.name})
    manifest = Manifest(
        box.FORMAT, f"quetsach {quetsach.__version__}", datetime.now(UTC).isoformat(timespec="seconds"),
        connection.vendor, _migrations(),
    )  # fmt: skip
    try:
        with scratch(target.parent, BACKUP) as folder:
            return _write(target, folder, manifest)
    except OSError as error:
        raise BackupError(
            _("%(file)s: %(why)s. No backup was made.")
            % {"file": target, "why": quoted(error.strerror or str(error))}
        ) from error


def _write(target: Path, folder: Path, manifest: Manifest) -> Manifest:
    database = folder / box.DATABASE
    way().copy_out(database)
    members = {}
    with box.writing(target, folder) as archive:
        with database.open("rb") as file:
            members[box.DATABASE] = box.add(archive, box.DATABASE, file)
        key = _key_file()
        if key.is_file():
            with key.open("rb") as file:
                members[box.KEY] = box.add(archive, box.KEY, file)
        root = Path(settings.MEDIA_ROOT)
        for path in sorted(root.rglob("*")):
            if path.is_symlink() or not path.is_file() or path.name.startswith("new-"):
                continue
            name = box.FILES + path.relative_to(root).as_posix()
            try:
                with path.open("rb") as file:
                    members[name] = box.add(archive, name, file)
            except FileNotFoundError:
                continue  # discarded in this very moment
        manifest = replace(manifest, members=members)
        box.seal(archive, manifest, signature.sign)
    return manifest


def restore(source: Path, *, overwrite: bool = False, signer: str = "") -> tuple[Manifest, Signer]:
    """Replace the portal's data by a backup. Raises BackupError, and then nothing was changed.

    Args:
        signer: the fingerprint of the only key that is believed; "" for any, and for none.

    Files first, since a file that no row names disturbs nobody; then the database, all at once; then the key.
    """
    if not overwrite and _is_in_use():
        raise BackupError(_("This portal is in use already. To replace all it holds, add --overwrite."))
    data = Path(settings.DATA_DIR)
    data.mkdir(parents=True, exist_ok=True)
    with (
        box.reading(source) as (archive, manifest),
        scratch(data, RESTORE) as unpacked,
    ):
        signed = signature.signer_of(archive.comment, archive.read(box.MANIFEST), source)
        if signer:
            signed = replace(signed, is_named=signed.fingerprint == signer.strip().upper())
            if not signed.is_named:
                raise BackupError(_not_the_named(source, signed))
        _check(source, manifest)
        box.unpack(archive, manifest, unpacked)
        _put_files(unpacked / "files")
        way().put_back(unpacked / box.DATABASE)
        if (unpacked / box.KEY).is_file() and not env_key("QUETSACH_SECRET_KEY"):
            (unpacked / box.KEY).chmod(0o600)
            (unpacked / box.KEY).replace(_key_file())
    return manifest, signed


def _not_the_named(source: Path, signed: Signer) -> str:
    if not signed.fingerprint:
        return _("%(file)s: %(signer)s Nothing was changed.") % {"file": source, "signer": signed}
    return _(
        "%(file)s: signed by another key than the key you named: %(key)s. Nothing was changed. Compare it"
        " with the key that was shown when the backup was made."
    ) % {"file": source, "key": signed.fingerprint}


def note_restored(source: Path, manifest: Manifest, signer: Signer) -> None:
    """Record the restore in the audit trail; after the migrations, which may change the trail's table."""
    cache.clear()
    with transaction.atomic():
        record(
            None,
            "backup.restore",
            data={
                "file": source.name,
                "made_at": manifest.made_at,
                "signed_with": signer.fingerprint,
            },
        )


def _check(source: Path, manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        raise BackupError(
            _(
                "%(file)s: a backup of %(its)s, and this portal runs on %(ours)s. Set QUETSACH_DATABASE to"
                " the same kind first. Nothing was changed."
            )
            % {"file": source, "its": manifest.vendor, "ours": connection.vendor}
        )
    on_disk = MigrationLoader(None).disk_migrations
    replaced = [old for migration in on_disk.values() for old in migration.replaces]
    newer = sorted(set(manifest.migrations) - {f"{app}.{name}" for app, name in [*on_disk, *replaced]})
    if newer:
        raise BackupError(
            _(
                "%(file)s: made by %(program)s, which is newer than this program (it knows %(what)s). Install"
                " that version first. Nothing was changed."
            )
            % {"file": source, "program": manifest.program, "what": newer[0]}
        )


def _put_files(folder: Path) -> None:
    """Add the files of the backup. A file of the same name has the same content, or is replaced whole."""
    root = Path(settings.MEDIA_ROOT)
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file():
            target = root / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.replace(target)
            except OSError:  # another disk is mounted there
                partial = target.with_name(f"new-{target.name}")
                shutil.move(path, partial)
                partial.replace(target)


def _migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _is_in_use() -> bool:
    try:
        return User.objects.exists() or Entry.objects.exists()
    except DatabaseError:
        return False  # no tables yet


def _key_file() -> Path:
    return Path(settings.DATA_DIR) / "secret-key"
