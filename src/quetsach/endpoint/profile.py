"""An organisation's statements about its licences and names; they settle many findings that need papers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from quetsach.errors import QuetsachError
from quetsach.text import canonical


class ProfileError(QuetsachError):
    """The profile of the organisation cannot be used."""

    code = "profile"


@dataclass(frozen=True, slots=True)
class Profile:
    """`kms_hosts` are names, addresses or networks of its own activation servers; `volume_agreement` is None
    while unknown; `own_names` and `own_networks` are the organisation's names, addresses and networks."""

    organisation: str = ""
    kms_hosts: tuple[str, ...] = ()
    volume_agreement: bool | None = None
    own_names: tuple[str, ...] = ()
    own_networks: tuple[str, ...] = ()

    def is_kms_host(self, host: str) -> bool:
        """Whether a name or address is one of its own activation servers."""
        return any(covers(one, host) for one in self.kms_hosts)

    def is_own(self, value: str) -> bool:
        """Whether a name or address is the organisation's."""
        return self.is_kms_host(value) or any(
            covers(one, value) for one in (*self.own_names, *self.own_networks)
        )

    @property
    def has_kms(self) -> bool:
        """Whether it runs an activation server of its own."""
        return bool(self.kms_hosts)


def covers(listed: str, value: str) -> bool:
    """Whether a name (with all names below it), an address or a network covers a canonical value."""
    address = canonical.address(value)
    if address is not None:
        try:
            return ip_address(address) in ip_network(listed, strict=False)
        except ValueError:
            return False
    name = canonical.name(listed)
    return bool(name) and (value == name or value.endswith(f".{name}"))


def read(path: Path) -> Profile:
    """The profile in a TOML file.

    Raises:
        ProfileError: names the file and the mistake.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: is no TOML file in UTF-8: {error}") from error
    try:
        return of(document)
    except ValueError as error:
        raise ProfileError(f"{path}: {error}") from error


def of(told: Mapping[str, Any]) -> Profile:
    """The profile in a table; raises ValueError that names the key."""
    known = {one.name for one in fields(Profile)}
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name not in known:
            raise ValueError(f"'{name}' is unknown; there are {', '.join(sorted(known))}")
        if name == "organisation":
            is_right = isinstance(value, str)
        elif name == "volume_agreement":
            is_right = isinstance(value, bool)
        else:
            is_right = isinstance(value, list) and all(isinstance(one, str) for one in value)
            value = tuple(value) if is_right else value
        if not is_right:
            raise ValueError(f"'{name}' has a value of another kind")
        values[name] = value
    return Profile(**values)


def table(profile: Profile) -> dict[str, Any]:
    """The table that `of` reads, without unknown values."""
    told = {one.name: getattr(profile, one.name) for one in fields(profile)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in told.items()
        if value not in ("", (), None)
    }
