"""STIX 2.1: one bundle with an indicator for each entry; the same set gives the same ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from quetsach.indicators.forms_out.form import EVERYTHING, N_, Form, Job, Shape, endpoint_parts
from quetsach.indicators.forms_out.quick import family_of, named, quoted
from quetsach.indicators.indicator import Kind

_SPACE = UUID("6f1d8a52-2c0e-5b57-9f0e-6f3f6a3b7c11")


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _address_type(value: str) -> str:
    return "ipv6-addr" if ":" in value else "ipv4-addr"


def _endpoint(value: str) -> str:
    host, port = endpoint_parts(value)
    return f"[network-traffic:dst_ref.value = '{host}' AND network-traffic:dst_port = {int(port)}]"


_PATTERNS: dict[Kind, Callable[[str], str]] = {
    Kind.DOMAIN: lambda value: f"[domain-name:value = {_text(value)}]",
    Kind.IPV4: lambda value: f"[ipv4-addr:value = '{value}']",
    Kind.IPV6: lambda value: f"[ipv6-addr:value = '{value}']",
    Kind.CIDR: lambda value: f"[{_address_type(value)}:value ISSUBSET '{value}']",
    Kind.IP_PORT: _endpoint,
    Kind.URL: lambda value: f"[url:value IN ({_text('http://' + value)}, {_text('https://' + value)})]",
}
"""Comparisons are of whole values; `OR … LIKE` for subdomains is beyond most readers (STIX 2.1, 9)."""


_named = named(_SPACE)


def _id(type_: str, name: str) -> str:
    return f"{type_}--{_named(f'{type_} {name}')}"


def _objects(job: Job) -> Iterator[str]:
    """The objects, equal to the output of `json.dumps`, but built from fixed parts in much less time."""
    when = f"{job.moment:%Y-%m-%dT%H:%M:%S}.000Z"
    made = f'"spec_version": "2.1", "created": "{when}", "modified": "{when}"'
    behind = f'"pattern_type": "stix", "valid_from": "{when}"}}'
    families: dict[str, str] = {}
    for one in job.items:
        family = family_of(one.family)
        if family and family not in families:
            families[family] = _id("malware", family)
            yield (
                f'{{"type": "malware", "id": "{families[family]}", {made}, "name": {quoted(family)},'
                ' "is_family": true}'
            )
        hashed = one.hashed
        indicator = _id("indicator", hashed)
        yield (
            f'{{"type": "indicator", "id": "{indicator}", {made}, "name": {quoted(one.canonical)},'
            ' "indicator_types": ["malicious-activity"],'
            f' "pattern": {quoted(_PATTERNS[one.kind](one.value))}, {behind}'
        )
        if family:
            yield (
                f'{{"type": "relationship", "id": "{_id("relationship", f"{hashed} {family}")}", {made},'
                f' "relationship_type": "indicates", "source_ref": "{indicator}",'
                f' "target_ref": "{families[family]}"}}'
            )


def _write(job: Job) -> Iterator[str]:
    bundle = _id("bundle", f"{job.set_id} {job.moment:%Y%m%d}")
    yield f'{{"type": "bundle", "id": "{bundle}", "objects": ['
    before = "\n"
    for one in _objects(job):
        yield before + one
        before = ",\n"
    yield "\n]}\n"


STIX = Form(
    "stix",
    N_("STIX 2.1 bundle (needs --date)"),
    _write,
    EVERYTHING - {Shape.DOMAIN, Shape.BELOW, Shape.URL},
    blocks=True,
    narrowed=frozenset((Shape.DOMAIN, Shape.URL)),
    suffixes=(".stix", ".stix.json"),
    keeps_family=True,
    needs_day=True,
)
