"""Reads a tree of offices from a TOML or JSON file: each unit holds its fields and its subunits.

Loading the same file again changes nothing: a unit is identified by its name and its parent, and an existing
unit stays unchanged.
"""

from __future__ import annotations

import ipaddress
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Unit
from quetsach.text.marks import normalize
from quetsach.text.problems import quoted

_TEXTS = {"name": 200, "short_name": 60, "doc_abbr": 30, "code": 20}
_KNOWN = {*_TEXTS, "kind", "staff_count", "networks", "units"}


class SeedError(PortalError):
    """The file is no tree of offices; the message names the file, the unit and the field."""

    code = "seed"


@dataclass(frozen=True)
class Seed:
    """One office of the file, checked."""

    name: str
    fields: dict[str, Any]
    networks: tuple[str, ...]
    units: tuple[Seed, ...]

    def __len__(self) -> int:
        return 1 + sum(map(len, self.units))


def read_seed(file: Path) -> Seed:
    """Read and check the whole file before anything is written.

    Raises SeedError: unreadable, not TOML or JSON, an unknown field or kind, no name, the same name twice
    under one parent, an invalid network, or a network of two offices.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        data = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise SeedError(
            _("%(file)s: cannot be read: %(why)s")
            % {"file": file, "why": quoted(error.strerror or str(error))}
        ) from error
    except UnicodeDecodeError as error:
        raise SeedError(
            _("%(file)s: byte %(at)s is not UTF-8; save the file as UTF-8")
            % {"file": file, "at": error.start}
        ) from error
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise SeedError(f"{file}: {error}") from error
    seed = _seed(data, str(file))
    taken: dict[str, str] = {}
    for cidr, name in _networks(seed):
        if cidr in taken:
            raise SeedError(
                _("%(place)s: %(network)s already belongs to %(unit)s")
                % {"place": f"{file}: {name}", "network": cidr, "unit": taken[cidr]}
            )
        taken[cidr] = name
    return seed


def load_tree(file: Path, actor: User | None) -> Unit:
    """Create the file's units that the tree lacks; returns the unit on top. Raises as `read_seed`."""
    seed = read_seed(file)
    with transaction.atomic():
        return _load(seed, None, 0, actor)


def _load(seed: Seed, parent: Unit | None, position: int, actor: User | None) -> Unit:
    unit = Unit.rows.filter(parent=parent, name=seed.name).first()
    if unit is None:
        networks = list(seed.networks)
        unit = create_unit(actor, parent, seed.name, position=position, networks=networks, **seed.fields)
    for i, below in enumerate(seed.units):
        _load(below, unit, i, actor)
    return unit


def _networks(seed: Seed) -> Iterator[tuple[str, str]]:
    for cidr in seed.networks:
        yield cidr, seed.name
    for below in seed.units:
        yield from _networks(below)


def _seed(data: Any, place: str) -> Seed:
    if not isinstance(data, dict):
        raise SeedError(_("%(place)s: expected a unit with name, kind, units …") % {"place": place})
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise SeedError(_("%(place)s: a unit without a name") % {"place": place})
    name = " ".join(normalize("NFC", name).split())
    place = f"{place}: {name}"
    unknown = sorted(data.keys() - _KNOWN)
    if unknown:
        raise SeedError(
            _("%(place)s: no such field; known are %(names)s")
            % {"place": f"{place}: {unknown[0]}", "names": ", ".join(sorted(_KNOWN))}
        )
    for field, length in _TEXTS.items():
        if not isinstance(data.get(field, ""), str) or len(data.get(field, "")) > length:
            raise SeedError(
                _("%(place)s: expected a text of at most %(most)s characters")
                % {"place": f"{place}: {field}", "most": length}
            )
    kind = data.get("kind", Unit.Kind.OTHER.value)
    if kind not in Unit.Kind.values:
        raise SeedError(
            _("%(place)s: '%(text)s' is none of %(names)s")
            % {"place": f"{place}: kind", "text": kind, "names": ", ".join(Unit.Kind.values)}
        )
    staff = data.get("staff_count")
    if staff is not None and (type(staff) is not int or staff < 0):
        raise SeedError(
            _("%(place)s: '%(text)s' is not a whole number from 0")
            % {"place": f"{place}: staff_count", "text": staff}
        )
    below = tuple(_seed(item, place) for item in _list(data, "units", place))
    names = [unit.name for unit in below]
    for twice in names:
        if names.count(twice) > 1:
            raise SeedError(
                _("%(place)s: '%(name)s' occurs twice below it") % {"place": place, "name": twice}
            )
    fields = {f: data[f] for f in ("short_name", "doc_abbr", "code") if f in data}
    networks = tuple(_network(item, place) for item in _list(data, "networks", place))
    return Seed(name, {**fields, "kind": kind, "staff_count": staff}, networks, below)


def _list(data: dict[str, Any], field: str, place: str) -> list[Any]:
    value = data.get(field, [])
    if not isinstance(value, list):
        raise SeedError(_("%(place)s: expected a list") % {"place": f"{place}: {field}"})
    return value


def _network(text: Any, place: str) -> str:
    try:
        return str(ipaddress.ip_network(text if isinstance(text, str) else ""))
    except ValueError as error:
        raise SeedError(
            _("%(place)s: '%(text)s' is not a network such as 10.1.2.0/24")
            % {"place": f"{place}: networks", "text": text}
        ) from error
