"""Warning lists of MISP: by type, on label borders; a sinkhole never speaks against an indicator."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from importlib import resources
from pathlib import Path

import pytest

from quetsach.errors import IndicatorError
from quetsach.indicators import guard, reading
from quetsach.indicators.guards import index, warninglists

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data"))
NETWORK = ["domain", "hostname", "ip-src", "ip-dst"]
LISTS: dict[str, dict[str, object]] = {
    "microsoft-azure": {"type": "cidr", "list": ["192.88.1.0/24", "2a01:111::/32", "no network"]},
    "public-dns-v4": {"type": "cidr", "list": ["8.8.8.8"]},
    "sinkholes": {"type": "cidr", "list": ["192.88.1.7"]},
    "google": {"type": "string", "list": [".google.vn", "blogspot.com"]},
    "dynamic-dns": {"type": "hostname", "list": [".dyn.vn"]},
    "vpn-ipv4": {"type": "cidr", "list": ["192.89.0.0/16"]},
    "own-hostnames": {"type": "hostname", "list": ["portal.vn"]},
    "own-strings": {"type": "string", "list": ["www.exact.vn"], "version": "1\n[on 3]\t2"},
    "own-substrings": {"type": "substring", "list": ["higan.vn"]},
    "own-expressions": {"type": "regex", "list": ["(a+)+$"]},
    "mail": {"type": "string", "list": ["mail.vn"], "matching_attributes": ["email-src"]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for slug, body in LISTS.items():
        path = tmp_path / "lists" / slug / "list.json"
        path.parent.mkdir(parents=True)
        whole = {"name": slug, "version": 1, "matching_attributes": NETWORK, **body}
        path.write_text(json.dumps(whole))
    return tmp_path / "lists"


def warned(values: str, lists: list[warninglists.WarningList]) -> dict[str, str]:
    """The list that an entry touches, by entry."""
    result = guard.apply(reading.read_text(values).indicators, lists=lists)
    concerns = (*result.stopped, *result.warned)
    assert len(result.kept) + len(result.stopped) == len(values.split())
    return {c.indicator.hashed: c.reason.rpartition(": ")[2] for c in concerns}


def test_entries_match_by_type_and_on_label_borders(folder: Path) -> None:
    lists = warninglists.read(folder)
    values = (
        "192.88.1.9 192.88.1.9:443 2a01:111::1 8.8.8.8 8.8.8.8:53 8.8.8.0/24 192.89.0.1 8.8.8.8.evil.vn"
        " mail.google.vn notgoogle.vn blogspot.com.vn evil.blogspot.com my.dyn.vn dyn.vn"
        " www.portal.vn www.exact.vn a.www.exact.vn exact.vn =exact.com x.higan.vn michigan.vn"
        " aaaaaaaaaaaa.vn mail.vn http://8.8.8.8/x"
    )
    assert warned(values.replace(" ", "\n"), lists) == {
        "192.88.1.9": "microsoft-azure",
        "2a01:111::1": "microsoft-azure",
        "8.8.8.8": "public-dns-v4",
        "8.8.8.8:53": "public-dns-v4",
        "8.8.8.0/24": "public-dns-v4",
        "mail.google.vn": "google",
        "dyn.vn": "dynamic-dns",
        "www.portal.vn": "own-hostnames",
        "www.exact.vn": "own-strings",
        "exact.vn": "own-strings",
        "x.higan.vn": "own-substrings",
    }


def test_an_exact_item_does_not_cover_what_is_below_it(folder: Path) -> None:
    assert warned(["0.0.0.0", "exact.vn"][1] + "\n", warninglists.read(folder))
    assert not warned("=exact.vn", warninglists.read(folder))


def test_a_sinkhole_is_told_and_kept_whatever_else_its_address_is(folder: Path) -> None:
    result = guard.apply(
        reading.read_text("192.88.1.7\n192.88.1.7:80\nhttp://192.88.1.7/x\n").indicators,
        lists=warninglists.read(folder),
    )
    assert [c.code for c in result.warned] == ["sinkhole"] * 3
    assert len(result.kept) == 3


def test_an_archive_says_the_same_as_its_folder(folder: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as packed:
        packed.add(folder, "misp-warninglists/lists")
    archive = tmp_path / "lists.tar.xz"
    archive.write_bytes(buffer.getvalue())
    assert warninglists.read(archive) == warninglists.read(folder)


def test_a_folder_without_lists_and_a_damaged_one_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(IndicatorError, match="holds no warning list"):
        warninglists.read(tmp_path / "empty")
    (folder / "google" / "list.json").write_text("{")
    with pytest.raises(IndicatorError, match=r"google.list\.json: is no JSON"):
        warninglists.read(folder)


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("login.microsoftonline.com", "Office 365"),
        ("40.96.0.1", "Office 365"),
        ("20.150.0.1", "Azure"),
        ("evil.pages.dev", "Cloudflare"),
        ("1.1.1.1", "DNS"),
        ("104.16.1.1:443", "Cloudflare"),
        ("204.79.197.200:443", "Microsoft"),
        ("vietcombank.com.vn", "Vietcombank"),
        ("agribank.com.vn", "bank"),
        ("update.eset.com", "antivirus"),
        ("cdn.npmjs.org", "JavaScript"),
    ],
)
def test_what_comes_with_the_program_knows_the_well_known(value: str, title: str) -> None:
    result = guard.apply(reading.read_text(value).indicators)
    (concern,) = (*result.stopped, *result.warned)
    assert concern.indicator.hashed == value and title in concern.reason


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason="QUETSACH_TEST_DATA is not there")
def test_the_microsoft_addresses_of_the_real_list_are_left_out() -> None:
    rows = gzip.decompress((DATA / "indicators/malware-indicators.csv.gz").read_bytes()).decode().splitlines()
    names = [r.split(",")[0] for r in rows if r.split(",")[0].endswith(".microsoft.com")]
    assert names
    result = guard.apply(reading.read_text("\n".join(names)).indicators)
    assert len(result.stopped) == len(set(names)) and not len(result.kept)


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason="QUETSACH_TEST_DATA is not there")
def test_what_comes_with_the_program_is_made_from_the_real_lists() -> None:
    chosen = warninglists.to_ship(DATA / "indicators/warninglists.tar.gz")
    assert (
        index.packed(chosen)
        == resources.files("quetsach.indicators").joinpath("guards", index.SHIPPED).read_bytes()
    )
