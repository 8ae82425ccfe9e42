"""Publishes the stick, and manages the campaign's removal tools."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.endpoint import keys, manifest
from quetsach.endpoint.manifest import Manifest
from quetsach.endpoint.refusal import Refused
from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import store
from quetsach.portal.tools.models import SHELF, RemovalTool, Stick
from quetsach.portal.tools.queries import missing_start
from quetsach.text.vietnamese import nfc

CHUNK = 1 << 20
_NAME = re.compile(r"quetsach-stick-[0-9A-Za-z.+-]{1,60}\.zip")
_UNSAFE = re.compile(r"[^\w.()+ -]+")


class ToolError(PortalError):
    """The given file does not match its name, signature or checksum; the text is for people."""

    code = "tool"


def _parts(file: Path) -> Iterable[bytes]:
    with file.open("rb") as stream:
        while part := stream.read(CHUNK):
            yield part


def manifest_of(file: Path) -> Manifest:
    """The signed list in the ZIP, after every file of the ZIP was compared with it.

    Raises:
        ToolError: the file is no ZIP of a stick, or was changed since it was built.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = {one.filename.partition("/")[2]: one for one in archive.infolist() if not one.is_dir()}
            contents = manifest.read(archive.read(names.pop(manifest.NAME)))
            if names.keys() != contents.files.keys():
                odd = sorted(names.keys() ^ contents.files.keys())
                raise ToolError(
                    _("%(file)s: %(name)s is missing, or does not belong on this stick")
                    % {"file": file, "name": odd[0]}
                )
            for name, entry in names.items():
                if hashlib.sha256(archive.read(entry)).hexdigest() != contents.files[name]:
                    raise ToolError(
                        _("%(file)s: %(name)s was changed after the stick was built")
                        % {"file": file, "name": name}
                    )
    except (KeyError, Refused) as error:
        raise ToolError(
            _("%(file)s: holds no signed list of its files; build it with ./dev stick") % {"file": file}
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ToolError(_("%(file)s: is no ZIP file, or it is not complete") % {"file": file}) from error
    return contents


@transaction.atomic
def publish_stick(file: Path) -> Stick:
    """Offer a release of the stick. The same file twice changes nothing.

    Raises:
        ToolError: the file is not named quetsach-stick-….zip, is not as built and signed, or its version was
            published with other content: people have compared that checksum, so the content never changes.
    """
    if not _NAME.fullmatch(file.name):
        raise ToolError(_("%(file)s: is not named quetsach-stick-VERSION.zip") % {"file": file})
    contents = manifest_of(file)
    version = f"{contents.version}-test" if contents.is_test_build else contents.version
    sha256, length = store.keep(_parts(file), SHELF)
    known = Stick.objects.select_for_update(no_key=True).filter(version=version).first()
    if known is not None:
        if known.sha256 != sha256:
            raise ToolError(
                _("%(file)s: version %(version)s was published with other content; raise the version")
                % {"file": file, "version": version}
            )
        return known
    stick = Stick(
        version=version, file_name=file.name, sha256=sha256, bytes=length,
        signed_by=keys.fingerprint(contents.key), is_test_build=contents.is_test_build,
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
    **fields: Any,
) -> RemovalTool:
    """Put a tool on the campaign's list. A tool with the same name against the same malware is changed, and
    put back if it was taken off.

    `parts` is the file to be offered here too; None keeps a copy with the same checksum, else the tool is
    only a link.

    Raises:
        ToolError: the file's SHA-256 differs from the typed one; the text is the file's.
    """
    fields = {name: nfc(value) if isinstance(value, str) else value for name, value in fields.items()}
    copied: dict[str, object] = {"file_name": "", "bytes": 0}
    if parts is not None:
        sha256, length = store.keep(parts, SHELF)
        if sha256 != fields["sha256"]:
            # The file stays on the shelf under its own hash; nothing points to it.
            raise ToolError(sha256)
        copied = {"file_name": _UNSAFE.sub("_", file_name)[-120:] or "tool", "bytes": length}
    family, name = fields.pop("family"), fields.pop("name")
    if parts is None:
        here = RemovalTool.rows.filter(campaign=campaign, family=family, name=name, sha256=fields["sha256"])
        copied = dict(here.values("file_name", "bytes").first() or copied)
    tool, _is_new = RemovalTool.rows.update_or_create(
        campaign=campaign, family=family, name=name,
        defaults={**fields, **copied, "by": actor, "removed_at": None, "removed_by": None},
    )  # fmt: skip
    data = {"name": _named(tool), "family": family, "sha256": tool.sha256}
    record(actor, "tool.vouch", unit_path=campaign.issuer.path, about=tool, data=data, ip=ip)
    return tool


@transaction.atomic
def take_start(campaign: Campaign, actor: User, ip: str | None = None) -> int:
    """Put the starting list on the campaign's list; returns how many were new. Others stay as they are."""
    new = missing_start(campaign)
    for one in new:
        vouch(
            campaign, actor, None, ip=ip, family="", name=one.name, vendor=one.vendor, version="", sha256="",
            link=one.link, note=one.notes["vi"], looked_on=one.looked_on,
        )  # fmt: skip
    return len(new)


@transaction.atomic
def withdraw(tool: RemovalTool, actor: User, ip: str | None = None) -> None:
    """Take a tool off the list; it can be put back. A second call changes nothing."""
    _list(tool, "tool.withdraw", actor, ip, is_listed=False)


@transaction.atomic
def put_back(tool: RemovalTool, actor: User, ip: str | None = None) -> None:
    """Put a tool on the list again, unchanged. A second call changes nothing."""
    _list(tool, "tool.put_back", actor, ip, is_listed=True)


def _named(tool: RemovalTool) -> str:
    return f"{tool.name} ({tool.family})" if tool.family else tool.name


def _list(tool: RemovalTool, action: str, actor: User, ip: str | None, *, is_listed: bool) -> None:
    found = (
        RemovalTool.rows.select_for_update(of=("self",), no_key=True)
        .select_related("campaign__issuer")
        .get(pk=tool.pk)
    )
    if (found.removed_at is None) == is_listed:
        return
    found.removed_at, found.removed_by = (None, None) if is_listed else (timezone.now(), actor)
    # Not `at`: the line itself has not changed.
    found.save(update_fields=["removed_at", "removed_by"])
    data = {"name": _named(found), "family": found.family, "sha256": found.sha256}
    record(actor, action, unit_path=found.campaign.issuer.path, about=found, data=data, ip=ip)
