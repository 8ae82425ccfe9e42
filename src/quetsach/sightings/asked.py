"""Machines that a scan is asked about: whether any line names them, hour by hour (docs/contract.md 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from quetsach.errors import ScanError
from quetsach.text.canonical import address

MOST = 10_000
"""Identifiers of one scan."""
_LONGEST = 253
"""Characters of a name (RFC 1035 2.3.4)."""
_MAC_DIGITS = 12
_PLACES = ":-."


def mac(text: str) -> str | None:
    """A hardware address as `aa-bb-cc-dd-ee-ff`, from any spelling; None for any other text."""
    if any(place in text for place in _PLACES) and not _is_grouped(text):
        return None
    digits = "".join(one for one in text.lower() if one not in _PLACES)
    if len(digits) != _MAC_DIGITS or not all(one in "0123456789abcdef" for one in digits):
        return None
    return "-".join(digits[at : at + 2] for at in range(0, _MAC_DIGITS, 2))


def _is_grouped(text: str) -> bool:
    """Whether one sign parts the digits into groups of two, or of four as Cisco writes."""
    signs = {one for one in text if one in _PLACES}
    sizes = {len(group) for group in text.split(next(iter(signs)))}
    return len(signs) == 1 and sizes in ({2}, {4})


def identifier(text: str) -> str | None:
    """An identifier in canonical form: an address, `mac:aa-bb-cc-dd-ee-ff` or `host:NAME`; None for none."""
    kind, colon, rest = text.partition(":")
    if colon and kind == "mac":
        found = mac(rest)
        return f"mac:{found}" if found is not None else None
    if colon and kind == "host":
        return _host(rest)
    found = address(text)
    if found is not None:
        return found
    found = mac(text)
    return f"mac:{found}" if found is not None else _host(text)


def _host(name: str) -> str | None:
    is_name = 0 < len(name) <= _LONGEST and name.isprintable() and not any(c.isspace() for c in name)
    return f"host:{name}" if is_name and not any(sign in name for sign in ":/\\,;\"'") else None


def read(text: str, shown: str) -> tuple[str, ...]:
    """The identifiers of a list, one a line, sorted; `#` begins a comment.

    Raises ScanError with the number of the line where it is none, and for more than `MOST`.
    """
    found: set[str] = set()
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        one = identifier(said)
        if one is None:
            raise ScanError(
                f"{shown}, line {number}: '{said[:100]}' is neither an address, a hardware address nor the"
                " name of a machine; write one of them on each line"
            )
        found.add(one)
        if len(found) > MOST:
            raise ScanError(f"{shown}, line {number}: more than {MOST} machines; ask about fewer")
    return tuple(sorted(found))


def is_asked(value: Any) -> bool:
    """Whether a stranger's value is a sorted list of identifiers."""
    return (
        isinstance(value, list)
        and len(value) <= MOST
        and all(isinstance(one, str) and identifier(one) == one for one in value)
        and value == sorted(set(value))
    )


class Asked:
    """Finds the identifiers of the machine of a line."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self._addresses: set[str] = set()
        self._macs: dict[str, str] = {}
        self._hosts: dict[str, list[str]] = {}
        for one in identifiers:
            kind, _, rest = one.partition(":")
            if kind == "mac":
                self._macs[rest] = one
            elif kind == "host":
                self._hosts.setdefault(rest.lower(), []).append(one)
            else:
                self._addresses.add(one)

    def __bool__(self) -> bool:
        return bool(self._addresses or self._macs or self._hosts)

    def of(self, device: str | None, identity: Mapping[str, str]) -> Iterator[str]:
        """Those that the device or the identity of a line names, each as it was asked."""
        if device in self._addresses:
            yield device
        for name in {(device or "").lower(), identity.get("host", "").lower()}:
            yield from self._hosts.get(name, ())
        found = mac(identity.get("mac", ""))
        if found in self._macs:
            yield self._macs[found]
