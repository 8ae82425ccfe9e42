"""Reports about infected machines, by their columns or keys: Shadowserver, n6, IntelMQ.

Their addresses are those of victims: a list made of them would call the victims culprits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from quetsach.text.vietnamese import nfc


class Report(NamedTuple):
    """A kind of report: its publisher, and whether it names culprits beside the victims."""

    publisher: str
    names_culprits: bool = False


_SHADOWSERVER = Report("Shadowserver")
_SHADOWSERVER_BOTH = Report("Shadowserver", names_culprits=True)
_N6 = Report("n6", names_culprits=True)
_INTELMQ = Report("IntelMQ", names_culprits=True)

_AGENCY = Report("a cybersecurity agency")

_COLUMNS: tuple[tuple[frozenset[str], Report], ...] = tuple(
    (frozenset(names.split()), report)
    for names, report in (
        # Sandboxes, malware and spam by URL (Shadowserver's report_schema, March 2026).
        ("timestamp md5 ip bytes_out", _SHADOWSERVER_BOTH),
        ("timestamp md5 request response", _SHADOWSERVER_BOTH),
        ("timestamp md5 url user_agent", _SHADOWSERVER_BOTH),
        ("timestamp url source sha256 naics", _SHADOWSERVER_BOTH),
        ("timestamp url sender subject", _SHADOWSERVER_BOTH),
        # Every other type says in which industry (NAICS) the victim is, but for two.
        ("timestamp naics", _SHADOWSERVER),
        ("timestamp src_naics", _SHADOWSERVER),
        ("timestamp dst_naics", _SHADOWSERVER),
        ("timestamp email infection", _SHADOWSERVER),
        ("timestamp leak_site_url", _SHADOWSERVER),
        # As they were before 2023.
        ("timestamp src_ip infection", _SHADOWSERVER),
        ("timestamp ip cc_ip", _SHADOWSERVER),
        ("timestamp ip infection", _SHADOWSERVER),
        ("timestamp ip asn geo", _SHADOWSERVER),
        ("timestamp src_ip src_asn", _SHADOWSERVER),
        # n6 of CERT Polska: keys of its events, and the columns of its CSV.
        ("category source restriction confidence", _N6),
        ("category confidence time address", _N6),
        ("category source time ip asn cc", _N6),
        ("classification.type source.ip", _INTELMQ),
        ("classification.type source.fqdn", _INTELMQ),
    )
)
"""The first set of columns that a header holds counts; other columns beside them do not matter."""
_UNITS = {"đơn vị", "tên đơn vị", "cơ quan", "tên cơ quan", "cơ quan, đơn vị"}
_ADDRESSES = {"ip", "địa chỉ ip", "địa chỉ ip public", "ip public", "ip máy nhiễm"}
"""Columns of the warnings that offices in Vietnam get: a unit beside an address is the unit's own address."""


def names_units(names: Collection[str]) -> bool:
    """Whether the columns are those of a warning to offices, with units and their addresses."""
    found = {nfc(name).strip().lower() for name in names}
    return bool(found & _UNITS and found & _ADDRESSES)


def report_of(names: Collection[str], *, is_sheet: bool = False) -> Report | None:
    """The kind of report with these columns or keys, in any order; None for a list.

    A sheet that names units is passed over where it is read, because a list may stand on the next sheet.
    """
    found = {nfc(name).strip().lower() for name in names}
    if not is_sheet and names_units(names):
        return _AGENCY
    return next((report for columns, report in _COLUMNS if columns <= found), None)


def report_in(document: Any, depth: int = 3) -> Report | None:
    """The kind of report whose first record a JSON document holds: bare, in a list, or below a key, at most
    `depth` lists or objects deep."""
    if isinstance(document, list):
        return report_in(document[0], depth - 1) if document and depth else None
    if not isinstance(document, Mapping) or not depth:
        return None
    below = (report_in(value, depth - 1) for value in document.values() if isinstance(value, list))
    return report_of([str(key) for key in document]) or next((one for one in below if one), None)


def refusal(report: Report) -> str:
    """The sentence behind the name of the refused file."""
    if report.names_culprits:
        return (
            f"is a report of {report.publisher} that names victims beside malicious addresses, so it is no"
            " list; read it with `quetsach victims`, and take the list from its publisher"
        )
    return (
        f"is a report of {report.publisher} about infected machines, not a list of malicious addresses; read"
        " it with `quetsach victims`, or add it in the portal under “Reports of others”"
    )
