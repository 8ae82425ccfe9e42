"""Descriptions of names and addresses in the guard rails' tables have Vietnamese translations."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest

from quetsach.indicators.guards import index
from quetsach.text import language
from quetsach.text.problems import explain

SPECIAL = "lies in a special-purpose range: {}"
KNOWN = "is on, above or below a name that many use: {}"


@pytest.fixture(autouse=True)
def _vietnamese() -> Iterator[None]:
    language.use("vi")
    yield
    language.use("en")


def _rows(table: str) -> Iterator[tuple[str, str]]:
    for line in files("quetsach.indicators.guards").joinpath(table).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            key, _tab, what = line.partition("\t")
            yield key, what


def test_a_reason_names_the_range_and_its_source() -> None:
    assert explain(SPECIAL.format("10.0.0.0/8, private use (RFC 1918)")) == (
        "nằm trong dải dành riêng: 10.0.0.0/8, dùng riêng (RFC 1918)"
    )
    assert explain(KNOWN.format("azureedge.net, Microsoft Azure, content delivery")) == (
        "trùng, trên hoặc dưới một tên nhiều người dùng: azureedge.net, Microsoft Azure, phân phối nội dung"
    )


@pytest.mark.parametrize("table", ["special-purpose.txt", "special-names.txt"])
def test_no_reason_for_stopping_stays_english(table: str) -> None:
    for key, what in _rows(table):
        english = what.rpartition(" (")[0]
        translated = explain(SPECIAL.format(f"{key}, {what}"))
        assert english in ("AS112", "AMT", "6to4") or f", {english} (" not in translated, translated


def test_what_is_no_proper_name_is_translated() -> None:
    for table in ("well-known.txt", "vietnam.txt", "state.txt", "platforms.txt", "networks.txt"):
        for key, rest in _rows(table):
            what = rest.partition("\t")[0]
            kind = what.rpartition(", ")[2]
            if kind[0].islower() and kind not in ("iNET", "iTel"):
                assert not explain(KNOWN.format(f"{key}, {what}")).endswith(f", {kind}")
    for one in index.shipped().lists:
        assert one.title not in explain(KNOWN.format(one.title))
