"""Whose addresses a table holds: those that are called, or those of infected machines, which are no list.

Headings decide where there are some; without headings the cells do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from ipaddress import ip_address, ip_network

from quetsach.indicators.forms_in.rows import is_listed, is_title, names_of
from quetsach.indicators.forms_in.sides import (
    doubt_of_sides,
    doubt_without_heads,
    key_of_victims,
    says_malicious,
)
from quetsach.indicators.lists.refang import refang
from quetsach.text.canonical import address

_VICTIMS = re.compile(
    r"\b(?:nhiễm|nạn nhân|infected|infections?|victims?|(?:ip|địa chỉ) nguồn|source (?:ip|address)"
    r"|src[ _]?ip)\b"
)
"""Words in the heading of a column of infected machines, in a report that also names the addresses called."""
_OF_MACHINES = re.compile(
    r"\b(?:tên máy(?: tính| trạm)?\b(?! chủ)|máy trạm\b|(?:computer|device|machine|workstation)[ _]?name\b"
    r"|tên (?:đơn vị|cơ quan)\b|đơn vị (?:quản lý|sử dụng)\b|người (?:dùng|sử dụng)\b|phòng ban\b"
    r"|(?:địa chỉ )?mac(?:[ _]address)?$|hệ điều hành\b|operating[ _]system\b|os[ _]version\b"
    r"|(?:logged[ _]on[ _])?user[ _]?name\b|department\b|asset[ _](?:tag|id|name)\b"
    r"|nhà mạng\b|thuê bao\b|khách hàng\b|subscriber\b|customer\b|(?:src|source)[ _]port\b|cổng nguồn\b)"
)
"""Words in the heading of a column that describes an office's own machines: name, unit, user, system."""
_INSIDE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Networks inside offices and providers (RFC 1918, RFC 6598): no list of malicious addresses is made of
them."""
_OF_CULPRITS = re.compile(r"độc hại|điều khiển|kết nối|c&c|\bc2\b|malicious|command")
"""Words in a title or a heading that say that the addresses are malicious."""
_SAYS_NOT_WHOSE = frozenset(
    ("ip", "địa chỉ", "địa chỉ ip", "address", "ip address", "ip_address", "host", "hostname")
)
"""Headings of a column of addresses that leave open whose addresses they are."""
_OF_FEODO = "ip_address"
"""The key of Feodo Tracker, whose records have a port and malware, too, but name servers of criminals."""
_PORTS = frozenset(("port", "cổng"))
_MALWARE = frozenset(("malware", "family", "threat", "họ mã độc", "mã độc", "tên mã độc", "loại mã độc"))
"""Headings that a report of infected machines has beside their bare addresses: the port that a machine called
from, and the malware on it. A list says dst_port, C2 or malicious IP."""
_CELL_OF_VICTIMS = re.compile(
    r"\b(?:nhiễm|nạn nhân|infected|infection|victim|botnet-drone|drone)\b|infected-system"
    r"|\A(?:desktop|laptop|pc|win)-[a-z0-9-]+\Z|\A(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\Z"
    r"|\A(?:microsoft )?windows (?:xp|vista|7|8|8\.1|10|11|server\b.*)\Z"
    r"|\A(?:ubnd|sở|phòng|ban|chi cục|trung tâm|văn phòng|công an|trường|bệnh viện|huyện|xã|phường)\b"
)
"""A cell that describes an infected machine: its state, its name, its MAC address, its system, its unit."""
_TIME = re.compile(
    r"(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4})[ T]+[0-9]{1,2}:[0-9]{2}"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?[ ,]+[0-9]{1,2}/",
    re.ASCII,
)
"""A date with its time of day, as logs have; lists without headings give at most the day."""
_HERE = frozenset(("vn", "vnm", "vietnam", "viet nam", "việt nam"))
_MOST_COLUMNS = 256
"""Columns that are looked at; no report has its signs further to the right."""
_FEW = 3
"""Rows, from which on a country is a sign: a list may have one entry in Vietnam."""
_FROM_PORT = 20_000
"""Machines call from ports such as 49152 and above (RFC 6335, 6); malware rarely listens there."""
_MOST_PORT = 65_535


def of_victims(split: Iterable[Sequence[str]]) -> set[int]:
    """The columns in which any of these rows, titles left out, has words for infected machines.

    A heading is expected, but its row is not known: all rows are searched.
    """
    heads = (names_of(row) for row in split if not is_title(row))
    return {i for row in heads for i, name in enumerate(row) if _VICTIMS.search(name)}


def may_be_victims(
    cells: Sequence[str],
    place: int,
    rows: Sequence[Sequence[str]],
    above: Sequence[Sequence[str]] = (),
    known: Collection[int] = (),
) -> str:
    """The error sentence for a column that may hold infected machines; "" where nothing suggests so.

    A second column of addresses or names is always a doubt, but for the columns that are `known` as further
    columns of a list. Else mostly a column with a bare heading, such as "Địa chỉ IP", is doubted. The doubt
    comes from the heading of another column, or from a title in the rows `above` the header. If another
    column for infected machines holds addresses itself, the bare column holds those that they called.
    """
    if doubt := doubt_of_sides(cells, place, rows, known):
        return doubt
    names = names_of(cells)
    if names[place] not in _SAYS_NOT_WHOSE:
        other = "" if says_malicious(names[place]) else key_of_victims(_beside(cells, place, rows))
        return _beside_victims(cells[place], other) if other else ""
    found = [
        at
        for at, name in enumerate(names)
        if at != place and (_VICTIMS.search(name) or _OF_MACHINES.search(name))
    ]
    if any(is_listed(row[at].strip()) for row in rows for at in found if at < len(row)):
        return ""
    if not found and _are_inside(row[place].strip() for row in rows if place < len(row)):
        return (
            f"'{cells[place].strip()}' holds addresses inside a network, as a table of infected machines"
            " does; take the addresses that they called, or head the column 'malicious IP'"
        )
    titles = ["".join(row) for row in above if sum(map(bool, map(str.strip, row))) == 1]
    low = [names_of([title])[0] for title in titles]
    told = [cells[at] for at in found] or [
        title
        for title, name in zip(titles, low, strict=True)
        if _VICTIMS.search(name) and not _OF_CULPRITS.search(name)
    ]
    is_said = names[place] == _OF_FEODO or any(map(_OF_CULPRITS.search, (*names, *low)))
    if not told and not is_said and _MALWARE.intersection(names):
        told = [cells[at] for at, name in enumerate(names) if name in _PORTS][:1]
    if not told:
        return ""
    return _beside_victims(cells[place], told[0])


def _beside(cells: Sequence[str], place: int, rows: Sequence[Sequence[str]]) -> list[str]:
    """The headings of the other columns that say something of each row: no addresses, which are the other
    side, and no figures, such as how many machines call an address."""
    return [
        cell
        for at, cell in enumerate(cells)
        if at != place
        and not any(
            is_listed(text) or text.isdecimal() for row in rows if (text := "".join(row[at : at + 1]).strip())
        )
    ]


def _beside_victims(cell: str, other: str) -> str:
    return (
        f"'{cell.strip()}' beside '{other.strip()}' may be the infected machines, not what they called; if it"
        f" is the list, head it 'malicious IP', or --column \"indicator={cell.strip()}\""
    )


def may_be_victims_without_heads(rows: Sequence[Sequence[str]], place: int) -> str:
    """The error sentence for a column of bare addresses in a table without headings, whose other cells are
    those of a report about infected machines; "" where nothing suggests so."""
    if any(_OF_CULPRITS.search(cell) for row in rows for cell in names_of(row[place : place + 1])):
        return ""  # a heading that no table is known by, but it says whose
    width = min(max(map(len, rows), default=0), _MOST_COLUMNS)
    if any(at != place and doubt_without_heads(rows, place, at) for at in range(width)):
        return _without_heads("names stand beside addresses in it", place)
    told = [row for row in rows if place < len(row) and address(refang(row[place].strip())) is not None]
    if not told or 2 * len(told) <= sum(map(bool, (row[place : place + 1] for row in rows))):
        return ""
    columns = [
        [row[at].strip() if at < len(row) else "" for row in told]
        for at in range(min(max(map(len, told)), _MOST_COLUMNS))
        if at != place
    ]
    # Numbers alone, as in an IP reputation list of Suricata, describe no machine.
    says_more = any(cell and not cell.isdecimal() for cells in columns for cell in cells)
    is_inside = says_more and _are_inside(row[place].strip() for row in told)
    why = _why(columns) or ("its addresses lie inside a network" if is_inside else "")
    return _without_heads(why, place) if why else ""


def _without_heads(why: str, place: int) -> str:
    return (
        f"has no headings, and {why}, so it may be a table of infected machines; if it is the list, head it"
        f" with a row that names a column 'malicious IP', or --column indicator={place + 1}"
    )


def _why(columns: Sequence[Sequence[str]]) -> str:
    signs: tuple[tuple[Callable[[str], object], str], ...] = (
        (lambda cell: address(refang(cell)), "two of its columns hold addresses"),
        (lambda cell: _CELL_OF_VICTIMS.search(names_of([cell])[0]), "it describes machines"),
        (_is_source_port, "its ports are those that machines call from"),
    )
    for is_sign, what in signs:
        if any(2 * sum(map(bool, map(is_sign, cells))) > len(cells) for cells in columns):
            return what
    is_told = any(_OF_CULPRITS.search(cell) for cells in columns for cell in names_of(cells))
    if not is_told and any(2 * sum(map(bool, map(_TIME.match, cells))) > len(cells) for cells in columns):
        return "each stands beside a time, as in a log of what was seen"
    if any(len(cells) >= _FEW and _HERE.issuperset(names_of(cells)) for cells in columns):
        return "all its addresses are in Vietnam"
    return ""


def _is_source_port(cell: str) -> bool:
    return cell.isascii() and cell.isdecimal() and len(cell) <= 5 and _FROM_PORT <= int(cell) <= _MOST_PORT


def _are_inside(texts: Iterable[str]) -> bool:
    """Whether more than half of the addresses among these cells lie inside a network."""
    found = [one for one in map(address, map(refang, texts)) if one is not None and ":" not in one]
    inside = sum(any(ip_address(one) in network for network in _INSIDE) for one in found)
    return 2 * inside > len(found)
