"""A second opinion on generated logs: reads them field by field and tries every indicator on every token.

Slow, and written from docs/contract.md 1 to 3 alone: it shares nothing with generator or engines.
"""

import ipaddress
import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
FIELDS = ("query", "host", "server_name", "url", "answer", "destination")


def read(text, kind, items, year):
    """Rows {(indicator, device, day): [count, first, last, first line's field]}, and the inbound lines."""
    rows, inbound = {}, 0
    for client, moment, tokens in _READERS[kind](text, year):
        if client and _address_item(client, items):
            inbound += 1
        seen = {}
        for field, what, value, port in sorted(tokens, key=lambda token: FIELDS.index(token[0])):
            found = _MATCH[what](value, port, items)
            if found:
                seen.setdefault(found, field)
        for indicator, field in seen.items():
            key = (indicator, client or "", moment[:10])
            row = rows.setdefault(key, [0, moment, moment, field])
            row[0] += 1
            row[1], row[2] = min(row[1], moment), max(row[2], moment)
    return rows, inbound


def _name_item(name, port, items):
    name = name.lower().removesuffix(".")
    covering = [i.value for i in items["domain"] if name == i.value or name.endswith("." + i.value)]
    return max(covering, key=len, default=None)


def _address_item(value, items):
    try:
        address = ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        return None
    address = getattr(address, "ipv4_mapped", None) or address
    whole = [
        i.value for kind in ("ipv4", "ipv6") for i in items[kind] if ipaddress.ip_address(i.value) == address
    ]
    networks = [ipaddress.ip_network(i.value) for i in items["cidr"]]
    around = [n for n in networks if n.version == address.version and address in n]
    return whole[0] if whole else str(max(around, key=lambda n: n.prefixlen)) if around else None


def _host_item(value, port, items):
    """The item for a name or an address with its port."""
    if port and any(i.value == f"{value.strip('[]')}:{port}" for i in items["ip-port"]):
        return f"{value}:{port}"
    return _address_item(value, items) or (None if _is_address(value) else _name_item(value, port, items))


def _url_item(value, port, items):
    """(host, path): a listed URL first, else an item for its host."""
    host, path = value
    fitting = []
    for item in items["url"]:
        item_host, slash, rest = item.value.partition("/")
        wanted = slash + rest
        border = path[len(wanted) : len(wanted) + 1]
        at_border = border in ("", "/", "?", "#", "&") or wanted[-1] in "/?=&"
        if host.lower() == item_host and path.startswith(wanted) and at_border:
            fitting.append(item.value)
    return max(fitting, key=len, default=None)


def _is_address(value):
    return _parsed(value) is not None


def _parsed(value):
    try:
        return ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        return None


_MATCH = {"name": _name_item, "host": _host_item, "url": _url_item}


def _utc(moment, micro):
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{micro:0<6}Z"


def _epoch(text):
    second, _, micro = text.partition(".")
    return _utc(datetime.fromtimestamp(int(second), UTC), micro)


def _zeek(text, year):
    lines = text.splitlines()
    names = next((line for line in lines if line.startswith("#fields")), "").split("\t")[1:]
    for line in lines:
        if line.startswith("#"):
            continue
        if names:
            row = {n: v for n, v in zip(names, line.split("\t"), strict=True) if v != "-"}
            row["answers"] = row["answers"].split(",") if "answers" in row else []
        else:
            row = json.loads(line, parse_float=str, parse_int=str)
        tokens = [("destination", "host", row["id.resp_h"], row["id.resp_p"])]
        tokens += [(f, "host", row[f], None) for f in ("query", "server_name") if f in row]
        tokens += [("answer", "host", answer, None) for answer in row.get("answers", [])]
        if "uri" in row:
            host, port = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", row["host"]).groups()
            tokens += [("url", "url", (host, row["uri"]), None), ("host", "host", host, port)]
        yield row["id.orig_h"], _epoch(row["ts"]), tokens


def _eve(text, year):
    for line in text.splitlines():
        record = json.loads(line)
        sides = [(_folded(record[f"{end}_ip"]), record[f"{end}_port"]) for end in ("src", "dest")]
        if record["event_type"] == "dns" and sides[0][1] == 53:
            sides.reverse()
        (client, _), (server, port) = sides
        moment = datetime.fromisoformat(record["timestamp"])
        tokens = [("destination", "host", server, port)]
        dns, http = record.get("dns", {}), record.get("http", {})
        tokens += [
            ("query", "host", q["rrname"], None) for q in [dns, *dns.get("queries", [])] if "rrname" in q
        ]
        tokens += [("answer", "host", answer["rdata"], None) for answer in dns.get("answers", [])]
        if "tls" in record:
            tokens.append(("server_name", "host", record["tls"]["sni"], None))
        if http:
            tokens += _web(http["hostname"], http["url"])
        yield client, _utc(moment, f"{moment.microsecond:06}"), tokens


def _folded(address):
    return str(ipaddress.ip_address(address))


def _web(host, path):
    return [("url", "url", (host, path), None), ("host", "host", host, None)]


def _squid(text, year):
    for line in text.splitlines():
        time, _, client, _, _, method, target, _, peer, *_ = line.split()
        tokens = [("destination", "host", peer.partition("/")[2], None)]
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            tokens.append(("host", "host", host, port))
        else:
            host, port, path = re.fullmatch(r"http://(\[[^]]*\]|[^/:]*)(?::(\d+))?(/.*)", target).groups()
            tokens += [("url", "url", (host, path), None), ("host", "host", host, port)]
        yield client, _epoch(time), tokens


def _dnsmasq(text, year):
    pattern = re.compile(
        r"(\w{3} [ \d]\d \d\d:\d\d:\d\d) dnsmasq\[\d+\]: "
        r"(?:query\[\w+\] (\S+) from (\S+)|forwarded (\S+) to (\S+)|"
        r"(?:reply|cached|gravity blocked) (\S+) is (\S+))"
    )
    for line in text.splitlines():
        time, asked, client, sent, upstream, named, answer = pattern.fullmatch(line).groups()
        moment = datetime.strptime(f"{year} {time}", "%Y %b %d %H:%M:%S").replace(tzinfo=VIETNAM)
        tokens = [("query", "host", asked or sent or named, None)]
        tokens += [("destination", "host", upstream, 53)] if upstream else []
        tokens += [("answer", "host", answer, None)] if answer else []
        yield client, _utc(moment, "000000"), tokens


_ZEEK = [f"zeek-{path}{form}" for path in ("dns", "conn", "http", "ssl") for form in ("", "-json")]
_READERS = {**dict.fromkeys(_ZEEK, _zeek), "eve": _eve, "eve-v3": _eve, "squid": _squid, "dnsmasq": _dnsmasq}


def by_kind(items):
    """Items grouped in the form that `read` needs."""
    grouped = defaultdict(list)
    for item in items:
        grouped[item.kind].append(item)
    return grouped
