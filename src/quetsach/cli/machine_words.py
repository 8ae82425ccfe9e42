"""The words and tables of `quetsach machines`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from quetsach.cli import say
from quetsach.results.screen import Column
from quetsach.text import words
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.machines.evidence import Binding, Claim, Key

MOST_SHOWN = 5


def kind(name: str) -> str:
    """What a file was recognised as; names of makers stay as they are."""
    maker, _space, table = name.rpartition(" ")
    tables = {
        "neighbours": _("neighbour table of %(maker)s"),
        "translations": _("translations of %(maker)s"),
        "leases": _("leases of %(maker)s"),
    }
    if table in tables:
        return tables[table] % {"maker": maker}
    return {
        "register of machines": _("register of machines"),
        "check of a machine": _("results of checks"),
        "evidence": _("records of evidence"),
    }.get(name, name)


def problem(raised: Exception, path: Path) -> str:
    """Why a file could not be read, and what to do, without its name."""
    from quetsach.machines.sources.outcome import MachinesError

    if not isinstance(raised, MachinesError):
        return say.worded(raised).removeprefix(f"{path}: ")
    text = {
        "unknown": _(
            "is none of the files that are read here. See which they are: docs/en/machines.md; name the"
            " columns of another table with --map."
        ),
        "undated": _(
            "its leases carry no time, as dhcpd -d writes them; take dhcpd.leases or the system's log instead"
        ),
        "too_large": _("is larger than %(value)s MB; split it"),
        "too_many_rows": _("has more than %(value)s rows; split it"),
        "no_reader": _("is a workbook, which needs the package python-calamine; or save it as CSV UTF-8"),
        "locked": _("is locked with a password; save it without one"),
        "limits": _(
            "cannot be opened within the limits of memory and time; save it anew as .xlsx or CSV UTF-8"
        ),
        "web_page": _("is a web page, although its name may say .xls; open it in Excel and save it as .xlsx"),
        "damaged": _("is damaged (%(value)s); save or copy it again"),
        "map": _("cannot be read as a mapping of columns: %(value)s"),
        "map_key": _(
            "the mapping names “%(value)s”, which no column can be; the file itself lists what can be"
        ),
        "map_other": _(
            "has no line of headings that fits the mapping (%(value)s); look at the file, or leave out --map"
        ),
        "not_evidence": _("is no evidence of Quét Sạch (line %(value)s)"),
        "schema": _("was made by another version of Quét Sạch; read the sources again with this one"),
        "malformed": _("was changed or damaged (line %(value)s); read the sources again"),
        "incomplete": _("is incomplete (line %(value)s); copy it again, or read the sources again"),
    }.get(raised.code, raised.code)
    return text % {"value": words.visible(raised.value)} if "%(value)s" in text else text


def note(code: str, detail: str) -> str:
    """What concerns a whole file."""
    text = {
        "guessed": _("the encoding is not UTF-8; read as %(detail)s, so look whether the names are right"),
        "mended": _(
            "its letters had been saved in a wrong encoding, such as “%(detail)s”; they were put right, so"
            " look whether the names are right"
        ),
        "misread": _(
            "its letters were saved in a wrong encoding and some are lost, such as “%(detail)s”; names in"
            " it are wrong. Save it again as .xlsx or CSV UTF-8"
        ),
        "map_missing": _("the mapping names the column “%(detail)s”, which the file does not have"),
        "day_first": _(
            "%(detail)s: nothing shows whether the day or the month stands first; read with the day first"
        ),
        "addresses_once": _(
            "nothing shows that its addresses are fixed, so they count only for the minute of the file. If"
            " they are, call their column “fixed” with --map"
        ),
        "old_check": _("made by an older version, so it tells no hardware address; check the machine again"),
    }.get(code, code)
    return text % {"detail": words.visible(detail)} if "%(detail)s" in text else text


def leftover(code: str) -> str:
    """Why a line or a row told nothing, or lost a value."""
    return {
        "no_time": _("no time"),
        "no_key": _("names no machine: no hardware address, serial number or name"),
        "several": _("names several addresses"),
        "damaged": _("damaged"),
        "not_understood": _("not understood"),
        "bad_mac": _("no hardware address of one machine"),
        "bad_uuid": _("no UUID of a machine"),
        "bad_sid": _("no SID of a computer"),
        "bad_address": _("no IP address"),
        "bad_time": _("no time that is understood"),
        "future": _("a time in the future; day and month may be changed over"),
        "shared_address": _("several rows have this address, so it stands for none"),
        "public_address": _("a public address, which is rather that of the router"),
    }.get(code, code)


def key(one: Key) -> str:
    """A key with the word for its kind."""
    kinds = {
        "hardware": "UUID",
        "adsid": "SID",
        "duid": "DUID",
        "mac": "MAC",
        "randommac": _("random MAC"),
        "domainhost": _("name"),
        "host": _("name"),
        "serial": _("serial number"),
        "agent": _("antivirus id"),
        "user": _("user"),
        "address": _("inner address"),
    }
    return words.visible(f"{kinds.get(one.kind, one.kind)} {one.value}")


def show_bindings(found: Sequence[Binding], zone: ZoneInfo) -> None:
    """The first bindings, as a table."""
    kinds = {
        "lease": _("lease"),
        "neighbour": _("seen beside it"),
        "nat": _("translation"),
        "fixed": _("fixed address"),
    }
    say.screen().table(
        [
            Column(_("IP address"), is_whole=True),
            Column(_("Machine"), is_whole=True),
            Column(_("From")),
            Column(_("Until")),
            Column(_("Known from")),
        ],
        [
            [
                [(_endpoint(one), "")],
                [(key(one.key), "")],
                [(_clock(one.begin, zone), "")],
                [(_clock(one.end, zone), "")],
                [(kinds.get(one.kind, one.kind), "")],
            ]
            for one in found[:MOST_SHOWN]
        ],
    )
    _tell_more(len(found))


def show_claims(found: Sequence[Claim], zone: ZoneInfo) -> None:
    """The first claims, as a table."""
    say.screen().table(
        [Column(_("One machine")), Column(_("From")), Column(_("Until"))],
        [
            [
                [(", ".join(map(key, one.keys)), "")],
                [(_clock(one.begin, zone), "")],
                [(_clock(one.end, zone), "")],
            ]
            for one in found[:MOST_SHOWN]
        ],
    )
    _tell_more(len(found))


def _tell_more(found: int) -> None:
    """The number of rows that a table leaves out; the saved file has them all."""
    if found > MOST_SHOWN:
        text = _("and %(n)s more; -o saves all") % {"n": words.number(found - MOST_SHOWN)}
        click.echo("  " + text)


def _endpoint(one: Binding) -> str:
    from quetsach.text.canonical import endpoint

    return f"{endpoint(one.address, one.port)} {one.protocol}" if one.port else one.address


def _clock(at: int, zone: ZoneInfo) -> str:
    from quetsach.logs import times
    from quetsach.machines.sources.outcome import FOREVER

    return words.moment(times.iso(at), zone, seconds=True) if 0 < at < FOREVER else "-"
