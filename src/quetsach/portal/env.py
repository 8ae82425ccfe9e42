"""Reads settings from QUETSACH_* variables; a bad value stops the start with the variable's name."""

from __future__ import annotations

import ipaddress
import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_SHORTEST_KEY = 32
_FEWEST_CHARACTERS = 8
_PRIVATE = IPv6Network("fc00::/7")


def env_str(name: str, default: str = "") -> str:
    """The variable's text, or the text of the file that `NAME_FILE` points to."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {file}: {reason}") from error
    return os.environ.get(name, default)


def env_address(name: str) -> str:
    """Read the address of a web site, "" if there is none: http or https, a host, and nothing behind it."""
    value = env_str(name).strip()
    parts = urlsplit(value)
    is_plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if value and not (parts.scheme in {"http", "https"} and parts.hostname and has_port(parts) and is_plain):
        raise ImproperlyConfigured(f"{name}={value!r}: expected an address such as https://quetsach.example")
    return value


def has_port(parts: SplitResult) -> bool:
    """Whether the address has no port, or a port number that exists."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def env_bool(name: str, default: bool = False) -> bool:
    """Read 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    folded = value.strip().casefold()
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: expected 1 or 0")


def env_int(name: str, default: int) -> int:
    """Read a whole number."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value!r}: expected a whole number") from error


def env_list(name: str, default: str = "") -> list[str]:
    """Read words separated by commas."""
    return [word.strip() for word in env_str(name, default).split(",") if word.strip()]


def env_key(name: str) -> str:
    """Read a secret key, "" if there is none; a key that can be guessed stops the start."""
    value = env_str(name)
    if value and (len(value) < _SHORTEST_KEY or len(set(value)) < _FEWEST_CHARACTERS):
        raise ImproperlyConfigured(
            f"{name}: whoever guesses it can sign in as anybody; at least {_SHORTEST_KEY} characters by"
            " chance are needed. Make one with: openssl rand -hex 32"
        )
    return value


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Read networks separated by commas. Networks that cover nearly every address stop the start, also in
    pieces: no provider of proxies has a network with a prefix shorter than 8 bits (IPv6: 16)."""
    fours: list[IPv4Network] = []
    sixes: list[IPv6Network] = []
    for text in env_list(name):
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {error}; expected addresses or networks such as 127.0.0.1,10.0.0.5/32"
            ) from error
        if isinstance(network, IPv4Network):
            fours.append(network)
        else:
            sixes.append(network)
    wide: list[IPv4Network | IPv6Network] = [
        *(one for one in ipaddress.collapse_addresses(fours) if one.prefixlen < 8),
        *(
            one
            for one in ipaddress.collapse_addresses(sixes)
            if one.prefixlen < 16 and not one.subnet_of(_PRIVATE)
        ),
    ]
    if wide:
        raise ImproperlyConfigured(
            f"{name}: {wide[0]} is as good as everybody, and everybody could then pretend to come from any"
            " address. Name the web server in front only, such as 127.0.0.1"
        )
    return [*fours, *sixes]
