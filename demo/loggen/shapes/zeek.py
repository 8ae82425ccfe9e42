"""The common parts of all Zeek logs: the TSV header and the JSON dialect (docs.zeek.org, log formats)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import ClassVar, override

from demo.loggen.listed import Item
from demo.loggen.shapes import Seen, Shape
from demo.loggen.world import Client, World

Columns = tuple[tuple[str, str], ...]
CONNECTION: Columns = (
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
)


class Zeek(Shape):
    """A tab-separated log of one Zeek path; the subclass makes its lines."""

    path: ClassVar[str]
    columns: ClassVar[Columns]
    digits = 6
    lines_per_event = 1.0

    @override
    def header(self, start: datetime, marked: bool) -> str:
        columns = "\t".join(name for name, _ in self.columns)
        types = "\t".join(kind for _, kind in self.columns)
        note = "#comment\tDEMO DATA: generated, no real traffic\n" if marked else ""
        return (
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
            f"#path\t{self.path}\n{note}#open\t{start:%Y-%m-%d-%H-%M-%S}\n#fields\t{columns}\n#types\t{types}\n"
        )

    @override
    def stamp(self, second: int) -> str:
        return str(second)

    @override
    def can_show(self, item: Item) -> bool:
        return item.kind in self.kinds


class ZeekJson(Shape):
    """The lines of a tab-separated log as JSON objects without `_path`, in the form of LogAscii::use_json."""

    digits = 6
    lines_per_event = 1.0

    def __init__(self, tsv: Zeek) -> None:
        self._tsv = tsv
        self.kind = f"{tsv.kind}-json"
        self.file_name = tsv.file_name.replace(".log", ".json")
        self.kinds = tsv.kinds

    @override
    def header(self, start: datetime, marked: bool) -> str:
        return ""

    @override
    def stamp(self, second: int) -> str:
        return self._tsv.stamp(second)

    @override
    def can_show(self, item: Item) -> bool:
        return self._tsv.can_show(item)

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        return [self._object(line) for line in self._tsv.benign(world, rng, micro)]

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> Sequence[Seen | str]:
        return [
            Seen(self._object(s.line), s.item, s.device, s.field, s.matched, s.action)
            if isinstance(s, Seen)
            else self._object(s)
            for s in self._tsv.hits(item, client, world, rng, micro)
        ]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        lines, inbound = self._tsv.traps(item, world, rng, micro)
        return [self._object(line) for line in lines], inbound

    def _object(self, line: str) -> str:
        members = [
            f'"{name}":{_value(kind, text)}'
            for (name, kind), text in zip(self._tsv.columns, line.split("\t"), strict=True)
            if text != "-"
        ]
        return "{" + ",".join(members) + "}"


def _value(kind: str, text: str) -> str:
    if kind.startswith("vector["):
        return "[" + ",".join(_value(kind[7:-1], part) for part in text.split(",")) + "]"
    if kind in ("time", "port", "count", "interval"):
        return text
    if kind == "bool":
        return "true" if text == "T" else "false"
    return json.dumps(text, ensure_ascii=False)
