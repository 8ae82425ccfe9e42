"""The warning lists of MISP (misp-warninglists, CC0): names and addresses that many innocent people use.

A selection comes with the program; a folder or archive of the whole project can take its place. On some lists
(dynamic DNS, hosting, popularity) anybody may rent a name below a listed name. These concern only the listed
name and names above it, not names below it: an attacker's own name is just what a list of indicators should
hold. Entries are compared on label borders and by type: `10.0.0.1.evil.example` is never an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from quetsach.errors import IndicatorError
from quetsach.indicators.guards.blocks import Block
from quetsach.indicators.guards.names import Suffixes
from quetsach.text import canonical


class How(StrEnum):
    """The names and addresses that an entry of a list touches."""

    ON = "on"
    BELOW = "below"
    SPELLED = "spelled"  # with a leading dot `below`, otherwise `on`
    ADDRESS = "address"
    RENTED = "rented"  # one tenant at a time: with a port the address is precise
    SINKHOLE = "sinkhole"

    @property
    def is_address(self) -> bool:
        """Whether the entries are addresses and networks."""
        return self in (How.ADDRESS, How.RENTED, How.SINKHOLE)


TREATMENT: Mapping[str, How] = {
    "sinkholes": How.SINKHOLE,
    "microsoft-office365": How.BELOW,
    "microsoft": How.BELOW,
    "microsoft-mdca-proxy": How.BELOW,
    "microsoft-win10-connection-endpoints": How.SPELLED,
    "google": How.BELOW,
    "bank-website": How.BELOW,
    "university_domains": How.BELOW,
    "captive-portals": How.ON,
    "crl-hostname": How.ON,
    "whats-my-ip": How.ON,
    "findip-host": How.ON,
    "url-shortener": How.ON,
    "lots-project": How.ON,
    "link-in-bio": How.ON,
    "dynamic-dns": How.ON,
    "security-provider-blogpost": How.ON,
    "alexa": How.ON,
    "tranco10k": How.ON,
    "majestic_million": How.ON,
    "cisco_top20k": How.ON,
    "cloudflare-top20k": How.ON,
    "public-dns-v4": How.ADDRESS,
    "public-dns-v6": How.ADDRESS,
    "crl-ip": How.ADDRESS,
    "microsoft-office365-ip": How.ADDRESS,
    "microsoft-office365-cn": How.ADDRESS,
    "microsoft-azure": How.RENTED,
    "microsoft-azure-china": How.RENTED,
    "microsoft-azure-germany": How.RENTED,
    "microsoft-azure-us-gov": How.RENTED,
    "apple": How.ADDRESS,
    "google-gmail-sending-ips": How.ADDRESS,
    "googlebot": How.ADDRESS,
    "google-gcp": How.RENTED,
    "cloudflare": How.ADDRESS,
    "fastly": How.ADDRESS,
    "akamai": How.ADDRESS,
    "stackpath": How.ADDRESS,
    "bunny-net": How.ADDRESS,
    "amazon-aws": How.RENTED,
    "oracle-oci": How.RENTED,
    "github": How.RENTED,
    "smtp-receiving-ips": How.ADDRESS,
    "smtp-sending-ips": How.ADDRESS,
    "telegram-ips": How.ADDRESS,
    "umbrella-blockpage-v4": How.ADDRESS,
    "umbrella-blockpage-v6": How.ADDRESS,
    "wikimedia": How.ADDRESS,
    "zscaler": How.ADDRESS,
}
"""The packaged lists, the most specific first. Longer lists of popular names are left out on
purpose: beyond some twenty thousand names they hold names that botnets themselves made popular."""

PASSED_OVER = (
    "vpn-*", "*-scanning", "*scanner", "rfc*", "ipv6-linklocal", "multicast", "tlds", "second-level-tlds",
    "cloudflare-top*", "cisco_top*", "public-dns-hostname", "digitalside", "parking-domain-ns",
)  # fmt: skip
"""Lists of a collection left out: scanners and tenants are no false alarm; ranges and suffixes are
stopped."""

_TYPES = {"hostname": How.BELOW, "string": How.SPELLED, "substring": How.BELOW, "cidr": How.ADDRESS}
_NETWORK_ATTRIBUTES = frozenset(("domain", "hostname", "url", "ip-src", "ip-dst"))


class WarningList(NamedTuple):
    """One list: its folder's name, its title, its date or number, and its entries in canonical form."""

    slug: str
    title: str
    version: str
    how: How
    entries: tuple[str, ...]


COVERED = ".npmjs.org"
"""Names below it are not packaged: `well-known.txt` has this name with all names below it."""


def to_ship(path: Path) -> list[WarningList]:
    """The lists that the program packages, from a folder or archive of the whole project."""
    return [
        one._replace(entries=tuple(entry for entry in one.entries if not entry.endswith(COVERED)))
        for one in read(path)
        if one.slug in TREATMENT
    ]


def read(path: Path) -> list[WarningList]:
    """The lists of a folder or archive of the whole project, those of TREATMENT first.

    Raises IndicatorError when nothing in it is a warning list.
    """
    import json  # the packaged form is no JSON

    found = []
    suffixes = Suffixes()
    for source, data in members(path):
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise IndicatorError(f"{source}: is no JSON; fetch the warning lists again") from error
        one = _parsed(Path(source.rpartition("!/")[2]).parent.name, document, suffixes)
        if one is not None:
            found.append(one)
    if not found:
        raise IndicatorError(
            f"{path}: holds no warning list; name the folder or archive of misp-warninglists"
        )
    order = {slug: rank for rank, slug in enumerate(TREATMENT)}
    return sorted(found, key=lambda one: (order.get(one.slug, len(order)), one.slug))


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every `list.json` of a folder or archive of the project, by its place."""
    from quetsach.indicators.lists.unpack import (
        lists,  # the packaged lists need no reader of archives
    )

    if path.is_dir():
        for file in sorted(path.rglob("list.json")):
            yield from lists(file)
        return
    for source, data in lists(path):
        if source.endswith("list.json"):
            yield source, data


def _parsed(slug: str, document: Any, suffixes: Suffixes) -> WarningList | None:
    if not isinstance(document, dict) or not isinstance(document.get("list"), list):
        return None
    how = TREATMENT.get(slug)
    if how is None:
        if any(fnmatchcase(slug, pattern) for pattern in PASSED_OVER):
            return None
        attributes = document.get("matching_attributes")
        if not isinstance(attributes, list) or not _NETWORK_ATTRIBUTES.intersection(map(str, attributes)):
            return None
        # Regular expressions are not run: none of the published ones concerns names, and one can run for
        # ever.
        how = _TYPES.get(str(document.get("type")))
        if how is None:
            return None
    title = " ".join(str(document.get("name", slug)).split())
    entries = tuple(dict.fromkeys(filter(None, (_entry(str(e), how) for e in document["list"]))))
    if how is How.BELOW:
        # Names below a public suffix (blogspot.com) have other owners.
        how, entries = How.SPELLED, tuple(e if e in suffixes else f".{e}" for e in entries)
    return WarningList(slug, title, str(document.get("version", "")), how, entries)


def _entry(text: str, how: How) -> str | None:
    """An entry in canonical form, or None for an entry of another type."""
    text = text.strip()
    if how.is_address:
        whole = canonical.address(text)
        if whole:
            return whole
        try:
            Block.of(text)
        except ValueError:
            return None
        return text
    name = canonical.name(text.removeprefix("*"))
    bare = name.removeprefix(".")
    if "." not in bare or not set(bare).isdisjoint("/:*@ []\t\n") or canonical.address(bare):
        return None
    return name if how is How.SPELLED else bare
