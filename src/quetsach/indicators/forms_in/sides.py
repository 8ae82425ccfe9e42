"""The two sides of a connection in one table: a machine and what it called; such a table is no list.

Who reads the wrong one of two columns of addresses calls victims culprits. So a second column of addresses or
names is never passed over in silence, whatever its heading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

from quetsach.indicators import suffix_table
from quetsach.indicators.forms_in.rows import names_of
from quetsach.indicators.lists.refang import refang
from quetsach.text.canonical import address, split_authority

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_BETWEEN_WORDS = re.compile(r"[\s_.\-]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OF_VICTIMS = re.compile(
    r"\b(?:victims?|infect\w*|bots?|clients?|src|srcip|srchost|source|local|internal|compromised|affected"
    r"|nhiễm|nạn nhân|nguồn|máy trạm|máy con)\b"
)
"""Words in the heading of the side that calls."""
_OF_CULPRITS = re.compile(
    r"\b(?:c2|c&c|cnc|cc|controllers?|servers?|dst|dstip|dest\w*|remote|called|điều khiển|đích|kết nối)\b"
)
"""Words in the heading of the side that is called."""
_CERTAIN = re.compile(
    r"\b(?:độc hại|điều khiển|malicious|c2|c&c|cnc|command|blacklist\w*|block\w*|controllers?)\b"
)
"""Words in a heading that say that this column holds what is to be blocked."""
_KEYS_OF_VICTIMS = re.compile(r"\b(?:victims?|infected|infections?|nhiễm|nạn nhân)\b")
"""Words in a key of JSON, or a heading, whose records are those of victims."""
_NOT_OF_MACHINES = re.compile(
    r"\b(?:files?|filename|tệp|email|mail|reference|references|links?|reporter|registrar|ns\d?|nameservers?"
    r"|name servers?|issuer|subject|feeds?|provider|isp|org\w*|as name|asn|tags?|comments?|descriptions?"
    r"|notes?|title|ghi chú|mô tả|tham chiếu|malware\w*|signature|family)\b"
)
"""Words in the heading of a column whose names are no machines: files, publishers, providers."""
_PUBLISHERS = re.compile(r"\b(?:sources?|nguồn(?: tin)?)\b")
"""Words for who says so, where the column holds names; where it holds addresses, it is who calls."""
_BARE_NAMES = frozenset(("host", "hostname", "tên máy", "máy"))
_BARE_ADDRESSES = frozenset(("ip", "ip address", "địa chỉ ip", "address"))
_MALWARE = frozenset(("malware", "family", "threat", "họ mã độc", "mã độc", "tên mã độc", "loại mã độc"))
_INNER = frozenset(("local", "lan", "internal", "corp", "home", "intra", "example", "test"))
"""Endings of names inside offices, and of examples."""


def words(name: str) -> str:
    """A heading or a key as words: `src_ip`, `source.ip`, `infectedHosts`."""
    return " ".join(_BETWEEN_WORDS.split(names_of([_HUMP.sub(" ", name)])[0])).strip()


def key_of_victims(keys: Collection[str]) -> str:
    """The key that says that the records below or beside it are victims; "" for none."""
    return next((key for key in keys if _KEYS_OF_VICTIMS.search(words(key))), "")


def says_malicious(name: str) -> bool:
    """Whether a heading says that its column holds what is to be blocked."""
    return _CERTAIN.search(words(name)) is not None


def doubt_of_sides(
    cells: Sequence[str], place: int, rows: Sequence[Sequence[str]], known: Collection[int]
) -> str:
    """The error sentence for a table with a second column of addresses or names; "" where there is none.

    `known` are the places of further columns whose headings are understood as columns of a list: a name
    beside its address is one entry. Two columns of addresses are never one entry.
    """
    if says_malicious(cells[place]):
        return ""
    heads = [words(cell) for cell in cells]
    mine = _filled(rows, place)
    has_addresses, has_names = _mostly(mine, _is_address), _mostly(mine, _is_name)
    if not has_addresses and not has_names:
        return ""
    for at, head in enumerate(heads):
        if at == place or not head:
            continue
        column = _filled([row for row in rows if place < len(row) and row[place].strip()], at)
        if _mostly(column, _is_address):
            is_pair = at in known and has_names and not _is_report_of_machines(heads, place, at)
        elif _mostly(column, _is_name):
            is_pair = (
                (at in known and not _is_report_of_machines(heads, at, place))
                or _NOT_OF_MACHINES.search(head) is not None
                or (_PUBLISHERS.fullmatch(head) is not None and len(set(column)) * 2 <= len(column))
            )
        else:
            continue
        if not is_pair and not (has_addresses and _says_victims(head) and _mostly(column, _is_address)):
            return _sentence(cells, place, at, heads)
    return ""


def doubt_without_heads(rows: Sequence[Sequence[str]], place: int, at: int) -> bool:
    """Whether one of two columns of a table without headings holds names of machines, the other addresses.

    A registered domain beside its address is an entry of a list; machines have names below such a domain.
    """
    one, other = _filled(rows, place), _filled(rows, at)
    return (_mostly(one, _is_machine) and _mostly(other, _is_address)) or (
        _mostly(one, _is_address) and _mostly(other, _is_machine)
    )


def _is_report_of_machines(heads: Sequence[str], name: int, address_: int) -> bool:
    """Whether a bare name and a bare address stand beside malware, as in a report of infected machines."""
    return (
        heads[name] in _BARE_NAMES
        and heads[address_] in _BARE_ADDRESSES - {"ip address"}
        and not _MALWARE.isdisjoint(heads)
        and not any(map(_CERTAIN.search, heads))
    )


def _says_victims(head: str) -> bool:
    """Whether a heading says outright that its column holds infected machines: the other one is called."""
    return _KEYS_OF_VICTIMS.search(head) is not None and not head.startswith("ioc")


def _sentence(cells: Sequence[str], place: int, at: int, heads: Sequence[str]) -> str:
    name, other = cells[place].strip(), cells[at].strip()
    if any(map(_OF_CULPRITS.search, heads)) or _OF_VICTIMS.search(heads[at]):
        return (
            f"'{name}' and '{other}' are both sides of connections, as in a report of infected machines; read"
            " it with `quetsach victims`, or choose the malicious column: --column"
            f' "indicator={name}"'
        )
    return (
        f"'{name}' and '{other}' both hold addresses or names, and nothing says which are malicious; choose"
        f' that column: --column "indicator={name}"'
    )


def _filled(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    return [cell for row in rows if at < len(row) and (cell := row[at].strip()) not in ("", "-", "None")]


def _mostly(column: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    return bool(column) and 2 * sum(map(bool, map(is_so, column))) > len(column)


def _is_address(cell: str) -> bool:
    text = refang(cell)
    if address(text) is not None:
        return True
    host, port = split_authority(text)
    return port is not None and address(host) is not None


def _is_name(cell: str) -> bool:
    text = refang(cell).rstrip(".").lower()
    if not _NAME.fullmatch(text):
        return False
    return text.rpartition(".")[2] in _INNER or _has_suffix(text)


def _is_machine(cell: str) -> bool:
    text = refang(cell).rstrip(".").lower()
    return _is_name(cell) and _suffixes().privatesuffix(text) != text


_NAME = re.compile(r"(?=.{4,253}\Z)(?:[\w-]{1,63}\.){1,20}[^\W\d_][\w-]{1,62}")


@cache
def _suffixes() -> PublicSuffixList:
    return suffix_table.read(accept_unknown=False)


def _has_suffix(text: str) -> bool:
    return _suffixes().publicsuffix(text) is not None
