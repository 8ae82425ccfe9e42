"""Reads the posted forms of the report pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import QueryDict

from quetsach.annexes.form.entry import fields_of
from quetsach.portal.kit.ids import uuid7


@dataclass(frozen=True)
class Posted:
    """The posted annex form: typed entries, the version that they change, one-time id, confirmed warnings."""

    data: dict[str, str]
    version: int
    client_uuid: UUID
    ticked: frozenset[str]
    wants_submit: bool


def read_annex(post: QueryDict, rows: Sequence[str]) -> Posted:
    """Read the annex form with these rows. A missing or broken id or version counts as new."""
    try:
        client_uuid = UUID(post.get("client_uuid", ""))
    except ValueError:
        client_uuid = uuid7()
    return Posted(
        data={key: post.get(key, "") for key in fields_of(rows)},
        version=read_number(post.get("version", "")),
        client_uuid=client_uuid,
        ticked=frozenset(post.getlist("ticked")),
        wants_submit=post.get("do") == "submit",
    )


def read_number(text: str) -> int:
    """A small whole number of a hidden field; -1, which fits no version, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
