"""The direction of a line of no known format: arrows, words for incoming connections, words for reporters
(docs/log-formats.md 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quetsach.scanning.engines import services
from quetsach.scanning.engines.keys import Key
from quetsach.scanning.engines.sides import DESTINATION, OTHER, SOURCE
from quetsach.scanning.engines.tokens import Token

PORT = r"\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?"
INTERFACE = r"(?:[A-Za-z][0-9A-Za-z_-]{0,31}[:/])?"
_NOTE = r"(?: ?\([^()]{0,48}\))?"
_BLANK = r"[ \t]{0,4}"
_ADDRESS = r"\[?(?:[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:])"
_RIGHT = re.compile(rf"{PORT}{_NOTE}{_BLANK}(?:-{{1,3}}|={{1,3}})?>{{1,2}}{_BLANK}{INTERFACE}\[?\Z")
_LEFT = re.compile(rf"{PORT}{_NOTE}{_BLANK}<{{1,2}}(?:-{{1,3}}|={{1,3}})?{_BLANK}{INTERFACE}\[?\Z")
_LONGEST_GAP = 100
_BESIDE = re.compile(rf"{PORT}[ \t]{{1,4}}\Z")

_ATTACK = (
    "attacks?|attacked|scans?|scanned|scanning|portscan|probes?|probed|brute[ -]?force|flood|intrusion"
    "|exploit(?:ed)?|targeted|tan cong|quet|do quet|dang nhap|khai thac|xam nhap|tham do|bi truy cap"
)
_INBOUND = re.compile(
    rf"(?:\A|[^a-z])(?:{_ATTACK}|accept(?:ed)?|password|publickey|log[io]n|(?:invalid|illegal) user|failure"
    r"|connections?|connected|disconnect(?:ed)?|session|logged (?:in|on)|signed in|inbound|incoming|traffic"
    r"|packets?|ket noi)"
    r"(?: [^ .,:;]{1,32}){0,5} (?:from|tu)(?: (?:ip|address|host|dia|chi)){0,3} \Z"
    rf"|(?:\A|[^a-z])(?:{_ATTACK})(?: [^ .,:;]{{1,32}}){{0,5}} (?:by|boi)"
    r"(?: (?:ip|address|host|dia|chi)){0,3} \Z"
    r"|(?:\A|[^a-z])(?:log[io]n|authentication|dang nhap) (?:fail(?:ed|ure)?|denied|refused|that bai)"
    r"(?: [^ .,:;]{1,32}){0,2} (?:for|cho) \Z"
    r"|(?:\A|[^a-z])connection (?:closed|reset) by \Z"
    r"|(?:\A|[^a-z])(?:phien|sessions?|rdp|vpn|ssh|vnc|remote desktop)(?: [^ ,;]{1,40}){0,5}"
    r" (?:from|tu|(?:opened|started|initiated|established|mo) (?:by|boi))"
    r"(?: (?:ip|address|host|dia|chi)){0,3} \Z"
    r"|(?:\A|[^a-z])(?:(?:un)?ban(?:ned|ning)?|attacker|intruder|offender|hacker|ke tan cong|tin tac)"
    r"(?: (?:ip|address|host|dia|chi)){0,3} \Z",
    re.IGNORECASE | re.ASCII,
)
"""A listed address behind these words came in: an attack, a login or a connection from it."""
_ATTACKS = re.compile(
    r" (?:is |has |was |da |dang )?(?:attack|scann|prob|flood|exploit|tan cong|do quet|quet cong)",
    re.IGNORECASE | re.ASCII,
)
_ENTERS = re.compile(
    r" (?:has |have |da |dang |vua )?(?:connect(?:ed|s|ing)|access(?:ed|es|ing)|log(?:ged|s|ging) in"
    r"|truy cap|ket noi|dang nhap|xam nhap)"
    r"(?: (?:to|into|on|toi|den|vao|may|chu|tinh|tram|host|server|machine|ip|dia|chi)){0,4} " + _ADDRESS,
    re.IGNORECASE | re.ASCII,
)
"""A listed address before these words is who called the address behind them."""
_FROM = re.compile(
    r"(?:\A|[^a-z])(?:from|tu)(?: (?:ip|address|host|dia|chi)){0,3} \Z", re.IGNORECASE | re.ASCII
)
_TO = re.compile(
    r" (?:to|into|toi|den|vao)(?: (?:ip|address|host|may|chu|tinh|tram|dia|chi|server|machine)){0,3} "
    + _ADDRESS,
    re.IGNORECASE | re.ASCII,
)
_FETCHES = re.compile(
    r"download|fetch|retriev|receiv|tai ve|tai xuong|reply|repl|respons|answer", re.IGNORECASE | re.ASCII
)
"""A machine asked for what it gets."""
_INWARD = re.compile(
    r"(?:\A|[^0-9A-Za-z_])(?:inbound|incoming)(?P<what>[ _-]?(?:interface|intf|iface|if|zone|port|bytes"
    r"|packets|octets)|[0-9A-Za-z_-])?"
    r"|(?:\A|[^0-9A-Za-z])(?:direction|dir|huong|chieu)[\"']?[=:] ?[\"']?(?:in|ingress|vao)"
    r"(?:\Z|[^0-9A-Za-z])"
    r"|(?:\A|[^a-z])(?:ket noi|luu luong|chieu|huong|di) vao(?:\Z|[^a-z])",
    re.IGNORECASE | re.ASCII,
)
_OUTWARD = re.compile(
    r"outbound|outgoing|(?:direction|dir)[\"']?[=:] ?[\"']?(?:out|egress)", re.IGNORECASE | re.ASCII
)
_FILTERED = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:tcp|udp|icmp|icmp6|icmpv6|drop(?:ped)?|den(?:y|ied)|block(?:ed)?|reject(?:ed)?"
    r"|accept(?:ed)?|allow(?:ed)?|permit(?:ted)?|pass(?:ed)?|discard(?:ed)?|chan|cho phep|tu choi):? {1,4}\Z",
    re.IGNORECASE | re.ASCII,
)
"""Before two addresses that stand beside each other: the first is the source."""
_TELLERS = (
    "reported|blocked|detected|logged|denied|refused|dropped|rejected|filtered|seen|observed|resolved"
    "|answered|forwarded|relayed|prevented|quarantined|generated|raised|captured|collected|noticed|found"
    "|recorded|monitored|inspected|chan|hien|nhan|bao|choi|cao|dong|ghi"
)
_TOLD = re.compile(
    rf"(?:\A|[^a-z])(?:(?:{_TELLERS}) (?:by|boi)(?: [^ .,:;]{{1,32}}){{0,2}}(?: (?:at|on|tai|tren))?"
    r"|(?:blocked|denied|dropped|rejected|refused|filtered|logged|reported|recorded|collected|captured"
    r"|received|forwarded|seen|chan|choi|nhan|ghi) (?:at|on|tai|tren)"
    r"|(?:via|through) [^ .,:;]{1,32}(?: [^ .,:;]{1,32}){0,2}"
    r"|(?:assigned|leased|allocated|cap phat|(?:,|;|da|duoc|va) cap|cap (?:ip|dia chi))"
    r"|(?:access point|diem truy cap|security center|management server|may chu quan tri)"
    r"(?: [^ .,:;]{1,32}){0,3})"
    r"(?: (?:ip|address|host|dia chi))? ?[\"'(\[]{0,2}\Z"
    r"|(?:\A|[^m] )qua(?: [^ .,:;]{1,32}){1,3} ?[(\[]\Z"
    r"|(?:\A|[^a-z])(?:resolved|answered) (?:at|on) \Z"
    r"|(?:\A|[^a-z])(?:(?:logs?|events?|alerts?|nhat ky|su kien|canh bao) (?:sent|gui)|chuyen tiep)"
    r" (?:from|by|tu|boi) \Z"
    r"|(?:\A|[^a-z])(?:firewall|fw|gateway|router|switch|sensor|ids|ips|waf|proxy|tuong lua)"
    r" [\"'a-z_-]{0,24}[0-9][0-9a-z_-]{0,24}[\"']? ?[\[(\"']{0,2}\Z",
    re.IGNORECASE | re.ASCII,
)
"""A reporter of a call, the place of the report, or a device on the way: no machine."""
_VIA = re.compile(
    rf"{PORT}{_NOTE},?[ \t]{{1,4}}(?:via|through|qua)(?: [A-Za-z_-]{{1,16}}){{0,3}} ?[(\[]?\Z",
    re.IGNORECASE | re.ASCII,
)
"""Between a machine and what its call went through."""
_ON = re.compile(rf"{PORT}{_NOTE}\]?\)?{_BLANK}(?:<?-{{1,3}}|={{1,3}}|>)?>(?:[ \t]|\Z|[^=>])")
_LISTED_IN = r"(?:black|block|white|allow|deny|bad)[ -]?list"
_DONE = "added|changed|modified|removed|deleted|created|updated|disabled|enabled|inserted|edited"
_MEANS = "rules?|polic(?:y|ies)|objects?|acl|address(?:es)?|addrgrp"
_SETTINGS = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:"
    r"config(?:uration)? (?:change|system|update)|configured from |object attribute configured"
    r"|cfg(?:path|attr|obj)="
    r"|executed (?:the )?['\"]|running '?cli|command=/|iptables -[adirp] |nft add "
    r"|access-list [^ ]{1,64} (?:line [0-9]{1,6} )?(?:extended|standard|remark|permit|deny) "
    rf"|(?:{_MEANS}) (?:was |were |has been |have been )?(?:{_DONE}) by "
    rf"|(?:{_DONE}|add|set|create|delete|edit) (?:a |an |the |new )?"
    r"(?:firewall |filter |nat |acl |security |block )?"
    rf"(?:{_MEANS}) "
    rf"|(?:{_DONE}|add|put|import(?:ed)?|append(?:ed)?|remove|xoa|them|bo|dua)(?: [^ ]{{1,255}}){{1,6}}"
    rf" (?:to|into|from|in|vao|khoi|trong)(?: (?:the|a|our|custom|global))?"
    rf" (?:{_LISTED_IN}|danh sach (?:chan|den|trang|cho phep|cam))"
    rf"|{_LISTED_IN}(?: [^ ]{{1,255}}){{0,2}} (?:{_DONE}|requested|approved|reloaded|imported)"
    r"(?:\Z|[^0-9A-Za-z])"
    r"|search(?:ed|es)? [\"']|(?:by|from) analyst|whois |blocked [^ ]{1,255} manually|chan thu cong"
    r"|zone [^ ]{1,255} (?:transferred|loaded|reloaded)(?:\Z|[^0-9A-Za-z])"
    r"|rpz: .{0,300}(?:added|loaded|reloaded|removed)(?:\Z|[^0-9A-Za-z])|reconfigured(?:\Z|[^0-9A-Za-z])"
    r")",
    re.IGNORECASE | re.ASCII,
)
"""What an administrator set up or looked for, and lists that were loaded: nobody called what they name."""
_LOCAL_PORT = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:lport|local[ _-]?port|(?:laddr|local(?:[ _-]?(?:ip|addr(?:ess)?))?)"
    r"[\"']?[=: ]{1,2}[\"']?\[?[0-9A-Fa-f.:]{2,45}\]?:)[\"']?[=: ]{0,2}[\"']?"
    r"(?P<port>[0-9]{1,5})(?:\Z|[^0-9A-Za-z.:])",
    re.IGNORECASE | re.ASCII,
)
_REMOTE_PORT = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:rport|(?:remote|peer)[ _-]?port"
    r"|(?:raddr|(?:remote|peer)(?:[ _-]?(?:ip|addr(?:ess)?))?)[\"']?[=: ]{1,2}[\"']?\[?"
    r"[0-9A-Fa-f.:]{2,45}\]?:)[\"']?[=: ]{0,2}[\"']?(?P<port>[0-9]{1,5})(?:\Z|[^0-9A-Za-z.:])",
    re.IGNORECASE | re.ASCII,
)
_MOST_SAID = 4096
"""Characters of a line in which settings and local ports are sought."""
_TOLD_OF = frozenset({"for", "cho", "of", "cua", "user"})
_CALLED_BY_NAME = re.compile(
    r"(?:\A|[^a-z])(?:to|den|toi|server|may chu) [0-9A-Za-z_-]{1,32} ?[(\[]\Z", re.IGNORECASE | re.ASCII
)
_ASKS = re.compile(
    r" (?:has |have |da |dang |vua )?(?:ask|quer|request|visit|access|connect|call|tri(?:ed|es)|try|look"
    r"|brows|download|open|GET|POST|HEAD|PUT|CONNECT|OPTIONS|truy|goi|ket noi|hoi|tai)",
    re.IGNORECASE | re.ASCII,
)
_TELLS = re.compile(
    r" (?:has |have |da |dang |vua )?(?:block|den(?:y|ie)|drop|refus|reject|filter|detect|report|logged"
    r"|observ|saw|sees|alert|quarantin|prevent|sinkhol|resolved|answer|repli|forward|relay|chan|phat hien"
    r"|ghi nhan|canh bao|tu choi|bao cao|bao dong)[a-z]*(?P<passive> (?:from|by|boi))?(?:\Z|[^0-9A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
"""A device that blocks, detects or reports is no client."""


def ways(line: str, places: Sequence[tuple[int, int, Token]]) -> list[str | None]:
    """The side of each address by the arrow between it and its neighbour; the arrow behind it comes first."""
    found: list[str | None] = [None] * len(places)
    for at in range(len(places) - 1, 0, -1):
        gap = line[places[at - 1][1] : places[at][0]]
        if len(gap) > _LONGEST_GAP:
            continue
        if _RIGHT.match(gap):
            found[at - 1], found[at] = SOURCE, found[at] or DESTINATION
        elif _LEFT.match(gap):
            found[at - 1], found[at] = DESTINATION, found[at] or SOURCE
    for at in range(len(places) - 1, 0, -1):
        _through(line, places, found, at)
    return found


def _through(line: str, places: Sequence[tuple[int, int, Token]], found: list[str | None], at: int) -> None:
    """`A via G -> X`: the way is no machine, and who went it is the source."""
    gap = line[places[at - 1][1] : places[at][0]]
    if len(gap) > _LONGEST_GAP or not _VIA.match(gap):
        return
    stop = places[at][1]
    is_way = found[at] == OTHER
    if is_way or found[at] == SOURCE or _ON.match(line[stop : stop + _LONGEST_GAP]):
        found[at - 1], found[at] = (SOURCE if not _is_way(line, places, at - 1) else OTHER), OTHER


def _is_way(line: str, places: Sequence[tuple[int, int, Token]], at: int) -> bool:
    """Whether an address is itself one that a call went through."""
    gap = line[places[at - 1][1] : places[at][0]] if at > 0 else ""
    return 0 < len(gap) <= _LONGEST_GAP and _VIA.match(gap) is not None


def is_beside(line: str, stop: int, following: int) -> bool:
    """Whether only a port and blanks stand between two addresses."""
    return following - stop <= _LONGEST_GAP and _BESIDE.match(line[stop:following]) is not None


def is_inward(line: str) -> bool:
    """Whether the line says that a connection came in, and not that one went out."""
    found = _INWARD.search(line)
    while found is not None:
        if found["what"] is None:
            return _OUTWARD.search(line) is None
        found = _INWARD.search(line, found.end())
    return False


def is_setting(line: str) -> bool:
    """Whether a line tells of settings, lists or a search, and of no call."""
    return _SETTINGS.search(line, 0, _MOST_SAID) is not None


def is_served(line: str) -> bool:
    """Whether the local port of a connection is that of a server, and the remote one is not."""
    local, remote = (p.search(line, 0, _MOST_SAID) for p in (_LOCAL_PORT, _REMOTE_PORT))
    if local is None or not services.is_server(int(local["port"])):
        return False
    return remote is None or not services.is_server(int(remote["port"]))


def came_in(before: str, behind: str) -> bool:
    """Whether the words around a listed address say that it called, attacked or sent."""
    if _INBOUND.search(before) or _ATTACKS.match(behind) or _ENTERS.match(behind):
        return True
    return bool(_FROM.search(before) and _TO.match(behind)) and _FETCHES.search(before) is None


def is_filtered(before: str) -> bool:
    """Whether a protocol, or what a filter did, stands before a source and its destination."""
    return _FILTERED.search(before) is not None


def told(key: Key, before: str) -> str | None:
    """The side of an address by the words before it: a reporter, or a server with its name."""
    last = key.words[-1] if key.is_word and key.words else ""
    if last in _TOLD_OF:
        return None
    if _TOLD.search(before):
        return OTHER
    return DESTINATION if _CALLED_BY_NAME.search(before) else None


def asks(behind: str) -> bool:
    """Whether an address is the subject of a call: what stands before it is the tag of a program."""
    return _ASKS.match(behind) is not None


def tells(behind: str) -> bool:
    """Whether an address is the subject of a report."""
    found = _TELLS.match(behind)
    return found is not None and found["passive"] is None
