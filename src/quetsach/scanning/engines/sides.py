"""What the key or the words before an address say of it (docs/log-formats.md 6)."""

from __future__ import annotations

from itertools import pairwise

SOURCE, DESTINATION, OTHER = "source", "destination", "other"

TRANSLATED = frozenset({"nat", "natted", "tran", "trans", "gaddr"})
TRANSLATED_BEGINS = (
    "natsrc", "natdst", "natip", "natport", "xlat", "translat", "transip", "snat", "dnat", "postnat",
    "mapped",
)  # fmt: skip
SENDER = frozenset(
    {
        "log", "syslog", "logger", "loghost", "logsource", "logserver", "collector", "forwarder", "relay",
        "fromhost", "sender", "reporter", "reporting", "sensor", "exporter", "gl2", "gateway", "gw", "nas",
        "nasip", "router", "nexthop", "hop", "mgmt", "management", "manager", "appliance", "controller",
        "fw", "fwip", "firewall", "dvc", "dvcip", "devip", "devname", "deviceip", "via", "through",
    }
)  # fmt: skip
SENDER_BEGINS = ("originip", "originsic", "observ", "version")
SOURCE_WORDS = frozenset(
    {
        "from", "saddr", "sip", "cip", "caller", "requestor", "originator", "userip", "localip", "attacker",
        "nguon", "rhost",
    }
)  # fmt: skip
SOURCE_BEGINS = ("src", "source", "client", "initiat", "requeste")
DESTINATION_WORDS = frozenset({"to", "daddr", "dip", "dns", "ns", "receiver", "dich", "den", "toi"})
DESTINATION_BEGINS = (
    "dst", "dest", "server", "srv", "target", "resp", "upstream", "resolv", "nameserver", "backend", "answer",
    "rdata",
)  # fmt: skip
WRITER = frozenset(
    {
        "dev", "beat", "node", "cluster", "interface", "iface", "intf", "ap", "wlc", "vip", "net", "network",
        "subnet", "netmask", "mask", "cidr", "range", "broadcast", "prefix", "route", "pool", "ver", "build",
        "firmware", "release", "revision", "origin", "orig", "host",
        "ids", "waf", "switch", "modem", "siem", "balancer",
    }
)  # fmt: skip
WRITER_BEGINS = ("hostip", "hostname", "device", "agent", "proxy")
PAIRS = {
    **dict.fromkeys((("may", "tinh"), ("may", "tram"), ("may", "khach"), ("may", "con")), SOURCE),
    **dict.fromkeys((("dau", "cuoi"), ("nguoi", "dung")), SOURCE),
    ("may", "chu"): DESTINATION,
    **dict.fromkeys((("tuong", "lua"), ("thiet", "bi"), ("cam", "bien"), ("access", "point")), OTHER),
    **dict.fromkeys((("dinh", "tuyen"), ("chuyen", "mach"), ("phat", "song"), ("cong", "ra")), OTHER),
    **dict.fromkeys((("bi", "tan"), ("nan", "nhan")), DESTINATION),
}
"""Vietnamese words of a key (máy tính, máy trạm, máy chủ, tường lửa, thiết bị), without their marks. A device
that stands in a key wrote the line, as `device=` does."""
NEAR_WORDS = {
    **dict.fromkeys(("from", "src", "source", "client", "nguon", "tu", "may"), SOURCE),
    **dict.fromkeys(
        ("to", "dst", "dest", "destination", "server", "resolver", "nameserver", "upstream", "target"),
        DESTINATION,
    ),
    **dict.fromkeys(("dich", "den", "toi"), DESTINATION),
    **dict.fromkeys(
        ("gateway", "gw", "firewall", "fw", "router", "sensor", "collector", "relay", "via", "through"), OTHER
    ),
    **dict.fromkeys(("forwarder", "xlate", "translated", "mapped", "snat", "nat", "version"), OTHER),
    **dict.fromkeys(
        ("ap", "wlc", "ids", "waf", "switch", "appliance", "controller", "logger", "syslog", "reporter"),
        OTHER,
    ),
    **dict.fromkeys(
        ("proxy", "node", "modem", "balancer", "siem", "manager", "management", "mgmt"),
        OTHER,
    ),
}
"""What a word says that stands right before an address, without `=` or `:`."""
_TELLERS = (
    "reported", "blocked", "detected", "logged", "denied", "refused", "dropped", "rejected", "filtered",
    "seen", "observed", "resolved", "answered", "forwarded", "relayed", "prevented", "quarantined",
    "generated", "raised", "captured", "collected", "noticed", "found",
)  # fmt: skip
_REPORTS = (
    "log", "logs", "message", "messages", "alert", "alerts", "alarm", "report", "reports", "reported",
    "event", "events", "syslog", "trap", "notification", "notice", "warning", "forwarded",
    "relayed", "collected",
)  # fmt: skip
NEAR_PAIRS = {
    **{pair: side for pair, side in PAIRS.items() if pair != ("thiet", "bi")},
    **dict.fromkeys(((word, "by") for word in _TELLERS), OTHER),
    **dict.fromkeys(((word, "boi") for word in ("chan", "hien", "nhan", "bao", "choi", "cao")), OTHER),
    **dict.fromkeys(((word, "tu") for word in ("ky", "bao", "cao", "kien")), OTHER),
    **dict.fromkeys(((word, "from") for word in _REPORTS), OTHER),
    **dict.fromkeys(
        ((word, "from") for word in ("reply", "replies", "response", "answer", "answers")), DESTINATION
    ),
    ("chu", "dns"): DESTINATION,
}
"""What the two words before an address say; before what the last of them says."""
_ATTACKERS = (("ip",), ("chi",), ("may",), ("ke",), ("nguon",))
_MARKED = "áàảãạăắằẳẵặâấầẩẫậéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵđ"
_BARE = "a" * 17 + "e" * 11 + "i" * 5 + "o" * 17 + "u" * 11 + "y" * 5 + "d"
_ARROWS = "→⇒➔➜➝➞⟶⟹⇨", "←⇐⟵⟸⇦"
_LETTERS = str.maketrans(
    _MARKED + _MARKED.upper() + "".join(_ARROWS),
    _BARE + _BARE.upper() + ">" * len(_ARROWS[0]) + "<" * len(_ARROWS[1]),
)


def bare(line: str) -> str:
    """The line with Vietnamese letters without their marks, and `>` or `<` for arrows of one character; every
    place stays. Letters of several characters (not in the form NFC) stay as they are."""
    return line.translate(_LETTERS)


_PLACES = frozenset({"at", "on", "tai", "tren"})
_BEEN = frozenset({"was", "is", "were", "been", "duoc"})
_ASKED = frozenset(
    {
        "query", "queries", "request", "requests", "lookup", "question", "connection", "packet", "packets",
        "traffic", "call", "van", "cau", "noi", "tin",
    }
)  # fmt: skip
"""What a machine sends: `query received from`, `truy vấn nhận từ`. Anything else is a report of a device."""


def near(words: tuple[str, ...]) -> str | None:
    """What the words right before an address say, without `=` or `:`."""
    last, rest = words[-1], words[:-1]
    if last in _PLACES and rest:
        # `server at`, `on the firewall at`; `at` after a source says nothing of the address.
        side = near(rest)
        return side if side in (OTHER, DESTINATION) else None
    if rest[-1:] in (("received",), ("nhan",), ("duoc",)) and last in ("from", "tu"):
        what = tuple(w for w in rest if w not in _BEEN and w not in ("received", "nhan"))
        return SOURCE if what and what[-1] in _ASKED else OTHER
    if rest[-2:] == ("diem", "truy") and last == "cap":
        return OTHER
    if "qua" in words[-2:]:
        # `hôm qua` is yesterday; `qua` is through.
        at = len(words) - 1 - words[::-1].index("qua")
        if words[at - 1 : at] != ("hom",):
            return OTHER
    found = NEAR_PAIRS.get((words[-2], last)) if rest else None
    return found if found is not None else NEAR_WORDS.get(last)


def side_of(words: tuple[str, ...]) -> str | None:
    """What a key says: the sender of the log first, then source and destination, then who wrote the line."""
    if any(w in SENDER or w.startswith(SENDER_BEGINS) for w in words):
        return OTHER
    if words == ("origin",):
        return OTHER
    for at, word in enumerate(words):
        if word in SOURCE_WORDS or word.startswith(SOURCE_BEGINS):
            return SOURCE
        is_service = word == "dich" and words[at + 1 : at + 2] == ("vu",)
        if (word in DESTINATION_WORDS and not is_service) or word.startswith(DESTINATION_BEGINS):
            return DESTINATION
        # Zeek's `orig_h`; W3C's `c-ip`; `user_ip`; `local_ip` of what runs on the machine itself.
        if word == "orig" and at + 1 < len(words):
            return SOURCE
        if word in ("c", "user", "local") and words[at + 1 : at + 2] in (("ip",), ("addr",), ("address",)):
            return SOURCE
    pairs = (PAIRS.get(pair) for pair in pairwise(words))
    found = next((side for side in pairs if side is not None), None)
    if found is not None:
        return found
    if words[-2:] == ("tan", "cong") and words[-3:-2] in _ATTACKERS:
        return SOURCE
    if words == ("may",):
        return SOURCE
    if any(w in WRITER or w.startswith(WRITER_BEGINS) or w.endswith("version") for w in words):
        return OTHER
    return None
