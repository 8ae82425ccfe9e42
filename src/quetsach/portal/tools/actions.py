"""Publishing the stick, and the campaign's removal tools."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import store
from quetsach.portal.tools.models import SHELF, RemovalTool, Stick
from quetsach.vietnamese import nfc

CHUNK = 1 << 20
_VERSION = re.compile(r"quetsach-stick-([0-9][0-9A-Za-z.+-]{0,38})\.zip")
_UNSAFE = re.compile(r"[^\w.()+ -]+")


class ToolError(PortalError):
    """What was given is not what it says it is; the text is for people."""

    code = "tool"


def _parts(file: Path) -> Iterable[bytes]:
    with file.open("rb") as stream:
        while part := stream.read(CHUNK):
            yield part


@transaction.atomic
def publish_stick(file: Path, *, signature: str = "", is_test_build: bool = False) -> Stick:
    """Offer a release of the stick. The same file twice changes nothing.

    Raises:
        ToolError: the file is no ZIP, is not named quetsach-stick-VERSION.zip, or that version was published
            with other content: what people have compared with a checksum never changes.
    """
    named = _VERSION.fullmatch(file.name)
    if named is None:
        raise ToolError(f"{file}: is not named quetsach-stick-VERSION.zip")
    if not zipfile.is_zipfile(file):
        raise ToolError(f"{file}: is no ZIP file, or it is not complete")
    sha256, length = store.keep(_parts(file), SHELF)
    known = Stick.objects.select_for_update().filter(version=named[1]).first()
    if known is not None:
        if known.sha256 != sha256:
            raise ToolError(f"{file}: version {named[1]} was published with other content; raise the version")
        return known
    stick = Stick(
        version=named[1], file_name=file.name, sha256=sha256, bytes=length, signature=signature.strip(),
        is_test_build=is_test_build,
    )  # fmt: skip
    stick.save(force_insert=True)
    record(None, "stick.publish", about=stick, data={"version": stick.version, "sha256": sha256})
    return stick


@transaction.atomic
def vouch(
    campaign: Campaign,
    actor: User,
    parts: Iterable[bytes] | None,
    file_name: str = "",
    ip: str | None = None,
    **fields: str,
) -> RemovalTool:
    """Put a tool on the campaign's list; one of the same name against the same malware is changed.

    `parts` is the file to be offered here too, None for a link only.

    Raises:
        ToolError: the file's SHA-256 is not the one that was written; the text is the file's.
    """
    fields = {name: nfc(value) for name, value in fields.items()}
    copied = {"file_name": "", "bytes": 0}
    if parts is not None:
        sha256, length = store.keep(parts, SHELF)
        if sha256 != fields["sha256"]:
            # The file stays on the shelf under its own name; nothing points to it.
            raise ToolError(sha256)
        copied = {"file_name": _UNSAFE.sub("_", file_name)[-120:] or "tool", "bytes": length}
    family, name = fields.pop("family"), fields.pop("name")
    tool, _ = RemovalTool.rows.update_or_create(
        campaign=campaign, family=family, name=name, defaults={**fields, **copied, "by": actor}
    )
    data = {"name": name, "family": family, "sha256": tool.sha256}
    record(actor, "tool.vouch", unit_path=campaign.issuer.path, about=tool, data=data, ip=ip)
    return tool


@transaction.atomic
def withdraw(tool: RemovalTool, actor: User, ip: str | None = None) -> None:
    """Take a tool off the list. A second call changes nothing."""
    found = RemovalTool.rows.select_for_update(of=("self",)).filter(pk=tool.pk).first()
    if found is not None:
        data = {"name": found.name, "family": found.family, "sha256": found.sha256}
        record(actor, "tool.withdraw", unit_path=tool.campaign.issuer.path, about=found, data=data, ip=ip)
        found.delete()
