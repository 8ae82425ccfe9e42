"""Words for kinds, refusals and leftovers of files about machines, and for keys: English texts, translated
where they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

TABLES_OF_FILES = {
    "neighbours": "neighbour table of %(maker)s",
    "translations": "translations of %(maker)s",
    "leases": "leases of %(maker)s",
}
"""What a file was recognised as, by the last word of its kind; the words before it name the maker."""
KINDS = {
    "register of machines": "register of machines",
    "check of a machine": "results of checks",
    "evidence": "records of evidence",
}
"""Kinds that name no maker; all others stay as they are."""
REFUSED = {
    "unknown": (
        "is none of the files that are read here. See which they are: docs/en/machines.md; name the"
        " columns of another table with --map."
    ),
    "undated": (
        "its leases carry no time, as dhcpd -d writes them; take dhcpd.leases or the system's log instead"
    ),
    "too_large": "is larger than %(value)s MB; split it",
    "too_many_rows": "has more than %(value)s rows; split it",
    "no_reader": "is a workbook, which needs the package python-calamine; or save it as CSV UTF-8",
    "binary": "is a binary workbook (.xlsb), which is not read; save it as .xlsx or CSV UTF-8",
    "locked": "is locked with a password; save it without one",
    "limits": ("cannot be opened within the limits of memory and time; save it anew as .xlsx or CSV UTF-8"),
    "web_page": "is a web page, although its name may say .xls; open it in Excel and save it as .xlsx",
    "damaged": "is damaged (%(value)s); save or copy it again",
    "map": "cannot be read as a mapping of columns: %(value)s",
    "map_key": ("the mapping names “%(value)s”, which no column can be; the file itself lists what can be"),
    "map_other": (
        "has no line of headings that fits the mapping (%(value)s); look at the file, or leave out --map"
    ),
    "not_evidence": "is no evidence of Quét Sạch (line %(value)s)",
    "schema": "was made by another version of Quét Sạch; read the sources again with this one",
    "malformed": "was changed or damaged (line %(value)s); read the sources again",
    "incomplete": "is incomplete (line %(value)s); copy it again, or read the sources again",
}
"""Why a file could not be read, and what to do, without its name."""
NOTES = {
    "guessed": "the encoding is not UTF-8; read as %(value)s, so look whether the names are right",
    "mended": (
        "its letters had been saved in a wrong encoding, such as “%(value)s”; they were put right, so"
        " look whether the names are right"
    ),
    "misread": (
        "its letters were saved in a wrong encoding and some are lost, such as “%(value)s”; names in"
        " it are wrong. Save it again as .xlsx or CSV UTF-8"
    ),
    "map_missing": "the mapping names the column “%(value)s”, which the file does not have",
    "day_first": (
        "%(value)s: nothing shows whether the day or the month stands first; read with the day first"
    ),
    "addresses_once": (
        "nothing shows that its addresses are fixed, so they count only for the minute of the file. If"
        " they are, call their column “fixed” with --map"
    ),
    "old_check": "made by an older version, so it tells no hardware address; check the machine again",
}
"""What concerns a whole file."""
LEFT = {
    "no_time": "no time",
    "ended": (
        "names only its end, which lies before the moment at which the file was taken; say when it was taken,"
        " or how long leases are"
    ),
    "no_key": "names no machine: no hardware address, serial number or name",
    "several": "names several addresses",
    "damaged": "damaged",
    "quotes": "the row's quotes do not match up",
    "not_understood": "not understood",
    "bad_mac": "no hardware address of one machine",
    "bad_uuid": "no UUID of a machine",
    "bad_sid": "no SID of a computer",
    "bad_address": "no IP address",
    "bad_time": "no time that is understood",
    "future": "a time in the future; day and month may be changed over",
    "shared_address": "several rows have this address, so it stands for none",
    "public_address": "a public address, which is rather that of the router",
}
"""Why a line or a row told nothing, or lost a value."""
KEYS = {
    "hardware": "UUID",
    "adsid": "SID",
    "duid": "DUID",
    "mac": "MAC",
    "randommac": "random MAC",
    "domainhost": "name",
    "host": "name",
    "serial": "serial number",
    "agent": "antivirus id",
    "user": "user",
    "address": "inner address",
}
"""What a key is."""
BINDINGS = {
    "lease": "lease",
    "neighbour": "seen beside it",
    "nat": "translation",
    "fixed": "fixed address",
}
"""From what an address is known."""
TABLES = (TABLES_OF_FILES, KINDS, REFUSED, NOTES, LEFT, KEYS, BINDINGS)
"""All texts, for the catalogue."""


def kind(name: str, translate: Callable[[str], str]) -> str:
    """What a file was recognised as, in words."""
    maker, _space, table = name.rpartition(" ")
    if table in TABLES_OF_FILES:
        return translate(TABLES_OF_FILES[table]) % {"maker": maker}
    return translate(KINDS[name]) if name in KINDS else name


def filled(table: Mapping[str, str], code: str, value: str, translate: Callable[[str], str]) -> str:
    """The sentence of a code with the figure or name concerned."""
    text = translate(table[code]) if code in table else code
    return text % {"value": value} if "%(value)s" in text else text
