"""Publishes a release of the log scanner: a wheel or a ZIP to carry, with signature and key beside it.

The signature is plain Ed25519 over the whole file, so OpenSSL verifies it without any program of ours.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
import zlib
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from quetsach.endpoint import keys
from quetsach.endpoint.signed_file import key_in_pem, verify
from quetsach.portal.audit.actions import record
from quetsach.portal.indicators import store
from quetsach.portal.tools.actions import ToolError, manifest_of
from quetsach.portal.tools.models import CARRIED, SHELF, Scanner

_NAME = re.compile(
    r"quetsach-(?P<version>[0-9A-Za-z.+]{1,40})-[\w.]{1,40}-[\w.]{1,40}-(?P<system>[\w.]{1,80})\.whl"
)
_CARRIED = re.compile(
    r"quetsach-scanner-(?P<system>windows|linux-[0-9a-z_]{1,20})-(?P<version>[0-9A-Za-z.+]{1,40}(?:-test)?)\.zip"
)
_MANY = re.compile(r"many(?:linux|musl)\d*(?:_\d+)*_")


@transaction.atomic
def publish_scanner(file: Path) -> Scanner:
    """Offer the file. `FILE.sig` and `FILE.pem` lie beside it. The same file twice changes nothing.

    Raises:
        ToolError: it is no wheel of quetsach, or scanner to carry, as it was built, its signature does not
            hold, or a file of that name was published with other content.
        OSError: one of the three files cannot be read.
    """
    named = _NAME.fullmatch(file.name) or _CARRIED.fullmatch(file.name)
    if named is None:
        raise ToolError(
            _("%(file)s: is not named quetsach-VERSION-….whl or quetsach-scanner-….zip") % {"file": file}
        )
    data = file.read_bytes()
    if file.suffix == ".whl":
        _check_record(file, data)
    elif named["system"] == "windows":
        manifest_of(file)
    else:
        _check_zip(file, data)
    signature = file.with_name(f"{file.name}.sig").read_bytes()
    key = key_in_pem(file.with_name(f"{file.name}.pem").read_text(encoding="ascii", errors="replace"))
    if key is None or not verify(data, signature, key):
        raise ToolError(_("%(file)s: its signature does not hold; sign it again") % {"file": file})
    sha256, length = store.keep([data], SHELF)
    known = Scanner.objects.select_for_update(no_key=True).filter(file_name=file.name).first()
    if known is not None:
        if known.sha256 != sha256:
            raise ToolError(
                _("%(file)s: version %(version)s was published with other content; raise the version")
                % {"file": file, "version": named["version"]}
            )
        return known
    scanner = Scanner(
        version=named["version"], system=_system(named["system"], file.suffix), file_name=file.name,
        sha256=sha256, bytes=length, key=key.hex(), signature=signature.hex(),
        is_test_build=key == keys.public("signing", keys.TEST_SECRET),
    )  # fmt: skip
    scanner.save(force_insert=True)
    data_of_record = {"version": scanner.version, "system": scanner.system, "sha256": sha256}
    record(None, "scanner.publish", about=scanner, data=data_of_record)
    return scanner


def _check_record(file: Path, data: bytes) -> None:
    """Compare every file in the wheel with the wheel's own list (RECORD).

    Raises:
        ToolError: it is no wheel, or a file in it was changed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            names = [name for name in wheel.namelist() if not name.endswith("/")]
            (listed,) = [name for name in names if name.endswith(".dist-info/RECORD")]
            rows = {row[0]: row[1] for row in csv.reader(wheel.read(listed).decode().splitlines()) if row}
            for name in names:
                digest = hashlib.sha256(wheel.read(name)).digest()
                told = f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
                if name != listed and rows.get(name) != told:
                    raise ToolError(
                        _("%(file)s: %(name)s was changed after the file was built")
                        % {"file": file, "name": name}
                    )
    except (ValueError, IndexError, csv.Error, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ToolError(_("%(file)s: is no wheel, or it is not complete") % {"file": file}) from error


def _check_zip(file: Path, data: bytes) -> None:
    """Raises ToolError where a file of the ZIP is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            is_whole = archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ToolError(_("%(file)s: is no ZIP file, or it is not complete") % {"file": file}) from error
    if not is_whole:
        raise ToolError(_("%(file)s: is no ZIP file, or it is not complete") % {"file": file})


def _system(tag: str, suffix: str = ".whl") -> str:
    """`Linux x86_64` of the platform tag manylinux_2_34_x86_64; `Linux x86_64 ZIP` of a scanner to carry."""
    if suffix == ".zip":
        name, _sep, processor = tag.partition("-")
        return f"{name.capitalize()} {processor or 'x86_64'} {CARRIED}"
    first = tag.split(".")[0]
    if first == "any":
        return "any"
    if first == "win_amd64":
        return "Windows x86_64"
    name = _MANY.sub("linux_", first)
    system, _sep, processor = name.partition("_")
    return f"{system.capitalize()} {processor}".strip()
