"""MISP: one event as JSON, and the folder of a feed around it (MISP core format)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

from quetsach.indicators.forms_out.form import EVERYTHING, N_, Form, Job, Shape, endpoint_parts
from quetsach.indicators.forms_out.quick import family_of, named, quoted
from quetsach.indicators.indicator import Indicator, Kind, Scope

_SPACE = UUID("0a0f4ce4-6d8c-5d0b-8f0c-5f1a0d6c9a77")
_MALWARE = 'malware_classification:malware-family="{}"'
_ORGANISATION = {"name": "quetsach", "uuid": str(uuid5(_SPACE, "organisation"))}


def _type_and_value(one: Indicator) -> tuple[str, str]:
    """For MISP `domain` covers all names below it, `hostname` is one name (its exports for sensors)."""
    if one.kind is Kind.DOMAIN:
        return ("hostname" if one.scope is Scope.EXACT else "domain"), one.value
    if one.kind is Kind.URL:
        return "url", f"http://{one.value}"
    if one.kind is Kind.IP_PORT:
        return "ip-dst|port", "|".join(endpoint_parts(one.value))
    return "ip-dst", one.value


def _about(job: Job) -> dict[str, Any]:
    return {
        "info": f"quetsach list {job.set_id[:12]}",
        "date": job.moment.date().isoformat(),
        "timestamp": str(int(job.moment.timestamp())),
        "analysis": "2",
        "threat_level_id": "2",
    }


def event_id(job: Job) -> str:
    """The event's UUID: the same list on the same day is the same event."""
    return str(uuid5(_SPACE, f"event {job.set_id} {job.moment:%Y%m%d}"))


def _attributes(job: Job) -> Iterator[str]:
    """The attributes, equal to the output of `json.dumps`, but built from fixed parts in much less time."""
    name_of = named(UUID(event_id(job)))
    behind = f'"to_ids": true, "timestamp": "{int(job.moment.timestamp())}"'
    for one in job.items:
        type_, value = _type_and_value(one)
        tag = ""
        if family := family_of(one.family).replace('"', "'"):
            tag = f', "Tag": [{{"name": {quoted(_MALWARE.format(family))}, "colour": "#555555"}}]'
        yield (
            f'{{"uuid": "{name_of(one.hashed)}", "type": "{type_}", "category": "Network activity",'
            f' "value": {quoted(value)}, {behind}{tag}}}'
        )


def _write(job: Job) -> Iterator[str]:
    head = {
        "uuid": event_id(job),
        **_about(job),
        "published": True,
        "publish_timestamp": str(int(job.moment.timestamp())),
        "Orgc": _ORGANISATION,
    }
    yield '{"Event": ' + json.dumps(head)[:-1] + ', "Attribute": ['
    before = "\n"
    for one in _attributes(job):
        yield before + one
        before = ",\n"
    yield "\n]}}\n"


def feed(job: Job) -> Iterator[tuple[str, Iterator[str]]]:
    """The files of a feed's folder: the event before the files that name it."""
    uuid = event_id(job)
    yield f"{uuid}.json", _write(job)
    # MISP correlates feeds by the MD5 of each value; both parts of a pair count as values.
    values = (value for one in job.items for value in _type_and_value(one)[1].split("|"))
    digests = (hashlib.md5(value.encode(), usedforsecurity=False).hexdigest() for value in values)
    yield "hashes.csv", (f"{digest},{uuid}\n" for digest in digests)
    manifest = {uuid: {**_about(job), "Orgc": _ORGANISATION, "Tag": []}}
    yield "manifest.json", iter((json.dumps(manifest) + "\n",))


MISP = Form(
    "misp",
    N_("MISP event as JSON, or a feed where OUT is a folder (needs --date)"),
    _write,
    EVERYTHING - {Shape.BELOW, Shape.URL},
    blocks=True,
    narrowed=frozenset((Shape.URL,)),
    suffixes=(".misp", ".misp.json"),
    keeps_family=True,
    needs_day=True,
)
