"""Random lines of several formats, with listed names, near misses and text that breaks a reader."""

from __future__ import annotations

import json

from hypothesis import strategies as st

LISTED = (
    "evil.example",
    "*.sub.evil.example",
    "bad.co.test",
    "deep.bad.co.test",
    "xn--bcher-kva.example",
    "_dmarc.under.test",
    "203.0.113.9",
    "203.0.113.9:8080",
    "203.0.113.0/24",
    "198.51.0.0/16",
    "2001:db8::1",
    "2001:db8:1::/48",
    "[2001:db8::5]:443",
    "shared.test/a/gate.php",
    "shared.test:8080/a",
    "203.0.113.77/x/",
    "shared.test/a?id=1",
    "bad.7zip",
    "10.9.8.7",
    "a-b.evil.example",
    "evil.dns.google",
    "1.1.1.1",
    "long-" + "x" * 50 + ".very-long-name-of-a-second-label.example",
)
NAMES = (
    "evil.example",
    "EVIL.Example",
    "a.b.evil.example",
    "sub.evil.example",
    "w.sub.evil.example",
    "notevil.example",
    "my-evil.example",
    "evil.example.org",
    "evil.example.",
    "evil.example..",
    ".evil.example",
    "bücher.example",
    "x.BÜCHER.example",
    "evil。example",
    "ｅｖｉｌ.example",
    "_x.evil.example",
    "bad.co.test",
    "q.deep.bad.co.test",
    "co.test",
    "x.bad.7zip",
    "solo",
    "x.solo",
    "fine.test",
    "evil-.example",
    "-evil.example",
    "evil.example-",
    "$.evil.example",
    "_dmarc.under.test",
    "long-" + "x" * 50 + ".very-long-name-of-a-second-label.example",
    "y." * 40 + "evil.example",
    "(4)evil(7)example(0)",
    "evil.example:443",
    "shared.test",
    "SHARED.test:8080",
    "a-b.evil.example",
    "a\u200b.evil.example",
    "dns.google",
    "DNS.Google.",
    "evil.dns.google",
    "x.mask.icloud.com",
    "joindns4.eu",
    "protective.joindns4.eu",
    "dns.google:853",
)
ADDRESSES = (
    "203.0.113.9",
    "203.0.113.99",
    "13.203.0.113",
    "203.0.113.9.5",
    "203.0.114.9",
    "198.51.7.7",
    "010.9.8.7",
    "10.9.8.7",
    "::ffff:203.0.113.9",
    "::FFFF:cb00:7109",
    "0000:0000:0000:0000:0000:ffff:cb00:7109",
    "2001:db8::1",
    "2001:0DB8:0000:0000:0000:0000:0000:0001",
    "[2001:db8::1]",
    "2001:db8::1%eth0",
    "2001:db8:1:2::3",
    "2001:db8::5",
    "[2001:db8::5]:443",
    "203.0.113.9:8080",
    "203.0.113.9:80",
    "203.0.113.77",
    "0.0.0.0",
    "::",
    "-203.0.113.9",
    "203.0.113.9-",
    "203.0.113.9.",
    "..203.0.113.9",
    "1:2:3:4:5:6:7:8",
    ":2001:db8::1",
    "2001:db8::1:",
    "192.168.1.5",
    "fd00::9",
    "aa:bb:cc:dd:ee:ff",
    "2001:db8:0:0:0:0:0:1.",
    "4a:" * 19 + "4a",
    "8.8.8.8",
    "8.8.8.8:443",
    "8.8.8.8:53",
    "1.1.1.1:853",
    "::ffff:9.9.9.9",
    "2001:4860:4860::8888",
    "[2001:4860:4860:0:0:0:0:8888]:853",
    "2001:4860:4860::8888:443",
)
URLS = (
    "http://shared.test/a/gate.php?id=1",
    "http://Shared.test:8080/a/b",
    "https://evil.example/x",
    "/a/gate.php",
    "/a?id=1&x",
    "http:\\/\\/shared.test\\/a\\/gate.php",
    "evil.example:443",
    "203.0.113.9:8080",
    "http://203.0.113.77/x/y",
    "http://u@evil.example/",
    "http://[2001:db8::5]:443/",
    "/go/evil.example/",
    "?u=evil.example",
    "http://fine.test/?q=evil.example",
    "http://evil.example\\@fine.test/",
    "*",
    "shared.test/a/gate.php#x",
    "[2001:db8::1]:443",
)
token = st.one_of(st.sampled_from(NAMES), st.sampled_from(ADDRESSES))
address = st.sampled_from(ADDRESSES)
name = st.sampled_from(NAMES)
url = st.one_of(st.sampled_from(URLS), name)
port = st.sampled_from(("53", "443", "8080", "50000", "99999", "-", "x"))
when = st.sampled_from(
    (
        "1663300800.123456", "1663301400.123456", "1663301400.123457", "1663301999", "1663300700.9",
        "1663387200.5", "946684700", "-", "9999999999", "soon",
    )
)  # fmt: skip
mac = st.sampled_from(("aa:bb:cc:dd:ee:ff", "AA:BB:CC:DD:EE:FF", "02:00:00:00:00:0b", "-"))
iso = st.sampled_from(
    (
        "2022-09-16T11:00:00.123456+0700",
        "2022-09-16T11:00:00Z",
        "2022-09-16 11:00:00",
        "1999-01-01T00:00:00Z",
        "x",
    )
)
stamp = st.sampled_from(
    (
        "Sep 16 11:00:00",
        "Sep 16 11:10:00",
        "Sep 16 11:10:01",
        "Sep 16 06:59:59",
        "Dec 31 23:59:59",
        "Jan  1 00:00:01",
        "Feb 29 06:59:59",
        "Nov 14 07:00:00",
    )
)
filler = st.text(alphabet=" .:-_/()\\\"'?<>[]%@,;aZ09éđ。\x1b\t", max_size=12)


def tsv(*columns: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*columns).map("\t".join)


def header(path: str, fields: str) -> tuple[str, ...]:
    columns = "\t".join(fields.split())
    return (
        "#separator \\x09",
        "#set_separator\t,",
        "#unset_field\t-",
        f"#path\t{path}",
        f"#fields\t{columns}",
    )


def word(value: str) -> st.SearchStrategy[str]:
    return st.just(value)


CONNECTION = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p"
FLOW = (when, word("C"), address, port, address, port)
ZEEK = {
    "zeek.dns": (
        header("dns", CONNECTION + " query rcode_name answers"),
        tsv(
            *FLOW,
            name,
            st.sampled_from(("NOERROR", "NXDOMAIN", "-")),
            st.lists(token, max_size=3).map(lambda a: ",".join(a) or "-"),
        ),
    ),
    "zeek.conn": (
        header("conn", CONNECTION + " conn_state orig_l2_addr"),
        tsv(
            *FLOW,
            st.sampled_from(("SF", "S0", "OTH")),
            mac,
        ),
    ),
    "zeek.http": (
        header("http", CONNECTION + " host uri"),
        tsv(*FLOW, token, url),
    ),
    "zeek.ssl": (
        header("ssl", CONNECTION + " server_name"),
        tsv(*FLOW, token),
    ),
}


@st.composite
def eve(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("dns", "http", "tls", "flow", "alert", "fileinfo")))
    query = {"rrname": draw(token), "rrtype": "A"}
    inner = {
        "dns": {
            "type": draw(st.sampled_from(("query", "answer", "response"))),
            "rcode": "NOERROR",
            **query,
            "answers": [{"rrname": "x", "rrtype": draw(st.sampled_from(("A", "TXT"))), "rdata": draw(token)}],
        },
        "http": {"hostname": draw(token), "url": draw(url), "http_refer": "http://evil.example/"},
        "tls": {"sni": draw(token), "subject": "CN=evil.example"},
        "flow": {"state": draw(st.sampled_from(("new", "closed")))},
        "alert": {"action": "allowed"},
        "fileinfo": {"filename": "/evil.example"},
    }[kind]
    record = {
        "timestamp": draw(iso),
        "event_type": kind,
        "src_ip": draw(address),
        "src_port": draw(st.sampled_from((53, 443, 50000))),
        "dest_ip": draw(address),
        "dest_port": draw(st.sampled_from((53, 443, 8080))),
        kind: inner,
    }
    text = json.dumps(record, ensure_ascii=draw(st.booleans()))
    return text.replace("/", "\\/") if draw(st.booleans()) else text


@st.composite
def dnsmasq(draw: st.DrawFn) -> str:
    tail = draw(
        st.sampled_from(
            (
                "query[A] {n} from {a}",
                "forwarded {n} to {a}#53",
                "reply {n} is {t}",
                "gravity blocked {n} is 0.0.0.0",
                "7 {a}/50123 query[AAAA] {n} from {a}",
                "cached {n} is NXDOMAIN",
                "started, {n}",
            )
        )
    )
    filled = tail.format(n=draw(name), a=draw(address), t=draw(token))
    return f"{draw(stamp)} dnsmasq[612]: {filled}"


@st.composite
def squid(draw: st.DrawFn) -> str:
    code = draw(st.sampled_from(("TCP_MISS/200", "TCP_DENIED/403")))
    when_ = draw(st.sampled_from(("1663300800.123", "1663400800.999")))
    request = f"{code} 5120 GET {draw(url)} an.nguyen HIER_DIRECT/{draw(token)} text/html"
    return f"{when_}    250 {draw(address)} {request}"


SIGNS = (
    '"http://', '" "', "referer=", " ", "x", '"', "\\t", "\\/", "\\u0078", "\\u002e", "\\u001b[1m", "\\ud83d",
    "\x1b[36m", "\x1b[0m", "\x1b[", "\r",
)  # fmt: skip


@st.composite
def text(draw: st.DrawFn) -> str:
    start = draw(st.one_of(iso, stamp, word("")))
    parts = draw(
        st.lists(
            st.one_of(token, url, filler, st.sampled_from(SIGNS)),
            max_size=8,
        )
    )
    glue = draw(st.sampled_from((" ", "", "=", '"')))
    return start + " " + glue.join(parts)


HEADS = (
    "",
    "<134>",
    "<134>1 ",
    "<134>Mar  5 08:00:00 {a} ",
    "Mar  5 08:00:00 {a} ",
    "2024 Mar 05 08:00:00 gw->{a} ",
    "2024-03-05T08:00:00+07:00 {a} guard[7]: ",
    "{a} guard: ",
    "{a} Mar  5 08:00:00 gw ",
    "(pc-07) {a}->/var/log/guard ",
    "[{a}] router: ",
    "<13>1 2024-03-05T01:00:00Z gw {a} guard: ",
    '{{"host":"{a}","message":"',
    '{{"observer":{{"ip":["{a}"]}},"source":{{"ip":"{a}","nat":{{"ip":"{a}"}}}},"x":"',
    "guard ",
)
KEYS = (
    "src", "dst", "srcIp", "source_address", "Source IP", "client", "c-ip", "dest_ip", "server", "natsrc",
    "xlate", "origin", "fw", "dvc", "host", "hostname", "source", "local_ip", "id.orig_h", "id.resp_h",
    "version", "net", "observer.ip", "log.source", "user_ip", "ip", "", "é",
)  # fmt: skip
JOINS = (
    "{k}={a} ",
    '{k}="{a}" ',
    '"{k}":"{a}",',
    '\\"{k}\\": \\"{a}\\", ',
    "{k}: {a} ",
    "{k} {a} ",
    '"{k}" => "{a}" ',
)
PAIRS = (
    "{a}:51234 -> {b}:443 ", "{a} > {b} ", "{a}->{b} ", "{a}:51234 to {b}:53 ", "from {a} to {b} ",
    "{a}:53 -> {b}:5353 ", "{a}/51234 (192.168.9.9/1) to inside:{b}/80 ", "({a}) ", "{a}/24 ",
    "{a} 255.255.0.0 ", "App/{a} ", "spt=53 dpt=51234 ", "client @0x7f01 {a}#53000 ", "icmp type=3 ",
    "ICMP unreachable ", "http://{a}/ ",
    "{a} → {b} ", "{a} => {b}:443 ", "{a}:53 ==> {b} ", "{a} >> {b} ", "{a}>{b} ", "{a} ---> {b} ",
    "{a} <- {b} ", "{a}:443 <-- {b}:51234 ", "{a} ← {b} ", "{a} <= {b} ", "{a} < {b} ", "{a} <-> {b} ",
    "IP {a}.51234 > {b}.domain: ", "IP {a}.domain > {b}.51234: 7 1/0/0 A ", "{a}.https > {b}.51234 ",
    "{a}.xyz-svc > {b}.8080: Flags [S.] ", "{a}.8080 > {b}.51234: Flags [S] ", "{a}.ntp > {b}.ntp: ",
    "tcp4 0 0 {a}.https {b}.51234 ", "TCP {a}:3389 {b}:51234 ", "D tcp {a} {b} ", "dropped {a}:1 {b}:2 ",
    "inbound {a} {b} ", "{a} connected to {b} ", "{a} truy cập máy {b} ", "{a} accessed by {b} ",
    "{a} bị tấn công bởi {b} ", "from {a} to máy chủ {b} ", "Server IP={a} Peer IP={b} ",
    "remote={a}:5 local={b}:443 ", "rhost={a} ", "Ban {a} ", "attacker {a} victim {b} ",
    "Login failed for {a} on {b} ", "direction=inbound {a} {b} ", "inbound_interface=x {a} outbound ",
)  # fmt: skip
PHRASES = (
    "gateway: {a} ", "sensor: {a} asked ", "tường lửa: {a} ", "Thiết bị: {a} truy vấn ", "DNS server: {a} ",
    "AP[{a}] ", "access point {a} ", "điểm truy cập {a} ", "blocked by policy on {a} ", "denied at {a} ",
    'blocked by "FW-1" {a} ', "reported by sensor FG-1 ({a}) ", "blocked by rule for {a} ",
    "event received from {a} ", "query was received from {a} ", "nhận từ {a} ", "truy vấn nhận được từ {a} ",
    "via proxy PX-1 ({a}) ", "qua {a} ", "hôm qua {a} ", "qua máy {a} ", "to SRV-1 ({a}) ", "server at {a} ",
    "bị chặn tại {a} ", "trên máy {a} ", "cảnh báo từ {a} ", "IP tấn công: {a} ", "bị tấn công: {a} ",
    "Source IP={a} ", "x=server ip={a} ", "proxy {a} ", "node[{a}] ", "bộ định tuyến {a} ", "{a} asked ",
)  # fmt: skip
TIMES = (
    "2024-03-05T08:00:00.1234567Z", "2024-03-05 08:00:00 +0700", "2024-03-05 08:00:00 UTC",
    "2024/03/05 08:00:00", "2024-03-05\t08:00:00,5", "Mar 05 2024 08:00:00 GMT", "Mar  5 08:00:00",
    "Tue Mar  5 08:00:00 UTC 2024", "05/Mar/2024:08:00:00 +0100", "5 Mar 2024 08:00:00 +07:00",
    "2024 Mar 05 08:00:00", "03/05-08:00:00.5", "date=2024-03-05 time=08:00:00 tz=\"+0530\"", "1709600400",
    "1709600400.25", "1709600400123", "1709600400123456789", "2024:03:05-08:00:00",
    "05-Mar-2024 08:00:00.5", "2024-03-05 08:00:00:01", "2024-13-05T08:00:00Z",
    "2024-03-05 08:00:00 +2000", "08:00:00", "2024-03-05 08:00:00 Zone", "Feb 29 08:00:00 ICT",
    "15/03/2024 8:00:00 chiều", "15/03/2024 8:00:00 Sáng", "15/03/2024 1:00:00 buổi trưa",
    "15/03/2024 8:00:00 tới", "15/03/2024 8:00:00 tối", "15/03/2024 8:00:00 to\u0302\u0301i",
    "15/03/2024 11:00:00 đêm", "15/03/2024 12:00:00 đêm", "15/03/2024 8:00:00 toi", "15/03/2024 8:00:00 ch",
    "03/04/2024 8:00:00 CH", "2024-03-05 08:00:00 SA-10", "2024-03-05 08:00:00 EST-5",
    "99/99/2024 8:00:00 tối",
    "2024-03-05,08:00:00,PM,", '"2024-03-05 08:00:00","CH"', "2024-03-05 08:00:00 PM_x",
    'date=2024-03-05 time=08:00:00 timezone="UTC"', "date=2024-03-05 time=08:00:00 tz=CST",
    "date=2024-03-05 time=08:00:00 ampm=PM", 'time="2024-03-05 08:00:00" tz="Asia\\/Saigon"',
    "2024-03-05 08:00:00 time zone: UTC+7", "2024-03-05 18:00:00 ampm=AM tz=local",
)  # fmt: skip
TIME_KEYS = (
    "ts",
    "@timestamp",
    "eventTime",
    "not_after",
    "uptime",
    "created",
    "Not After ",
    "start",
    "x",
    "boot_time",
    "Thời gian nhận",
    "Thời gian phát hiện",
    "Ngày cập nhật mẫu",
    "Báo cáo lúc",
    "detected",
    "log_time",
    "updatedAt",
    "EventReceivedTime",
    "Kết nối lần cuối",
    "msg",
)
QUOTED = (
    '"GET /x HTTP/1.1" ', '"get well soon" ', '"GET  HTTP/1.1" ', '"PROPFINDING / HTTP/1.1" ',
    '"Nguyen Van A" ', '"http://{u}" ', 'url="http://{u}" ', '"url": "https://{u}" ', 'ref="http://{u}" ',
    'referer: "http://{u}" ', '200 512 "http://{u}" ', "\"httpſ://{u}\" ", '"OPTIONS * HTTP/2" ',
)  # fmt: skip


@st.composite
def said(draw: st.DrawFn) -> str:
    """A line of no known format with heads, keys, pairs, times and quoted values that may mask a URL."""
    inner = st.sampled_from(
        ("10.1.2.3", "10.4.5.6", "192.168.9.9", "fd00::7", "203.0.113.9", "198.51.100.20")
    )
    some = st.one_of(inner, inner, address)
    parts = [draw(st.sampled_from(HEADS)).format(a=draw(some))]
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(("key", "pair", "phrase", "time", "quoted", "token", "filler")))
        if kind == "key":
            parts.append(draw(st.sampled_from(JOINS)).format(k=draw(st.sampled_from(KEYS)), a=draw(some)))
        elif kind == "pair":
            parts.append(draw(st.sampled_from(PAIRS)).format(a=draw(some), b=draw(some)))
        elif kind == "phrase":
            parts.append(draw(st.sampled_from(PHRASES)).format(a=draw(some)))
        elif kind == "time":
            moment = draw(st.sampled_from(TIMES))
            named = draw(
                st.sampled_from(
                    ("{t} ", "{k}={t} ", "{k}: {t}; ", '"{k}":"{t}",', '"{k}":{t},', "[{t}] ", "until {t} ")
                )
            )
            parts.append(named.format(t=moment, k=draw(st.sampled_from(TIME_KEYS))))
        elif kind == "quoted":
            target = draw(st.sampled_from(("evil.example/x", "fine.test/", "shared.test/a/gate.php")))
            parts.append(draw(st.sampled_from(QUOTED)).format(u=target))
        else:
            parts.append(draw(name) + " " if kind == "token" else draw(filler))
    return "".join(parts)


def without_line_feeds(line: str) -> str:
    return line.replace("\n", " ")


zeek_lines = st.one_of(*(lines for _, lines in ZEEK.values()))
any_line = st.one_of(zeek_lines, eve(), dnsmasq(), squid(), text(), said()).map(without_line_feeds)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from((*ZEEK, "eve", "dnsmasq", "squid", "text", "said", "mixed")))
    lines: list[str] = []
    if kind in ZEEK:
        head, body = ZEEK[kind]
        lines += [*head, *draw(st.lists(body, max_size=6))]
    else:
        of = {
            "eve": eve(),
            "dnsmasq": dnsmasq(),
            "squid": squid(),
            "text": text(),
            "said": said(),
            "mixed": any_line,
        }
        lines += draw(st.lists(of[kind], max_size=6))
    lines += draw(st.lists(any_line, max_size=2))
    newline = draw(st.sampled_from(("\n", "\r\n")))
    data = newline.join(without_line_feeds(x) for x in lines).encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        data = (
            data[:at]
            + draw(st.sampled_from((b"\xff", b"\x00", b"\n", b"\xc3", b"\\u0065", b".")))
            + data[at:]
        )
    return data + draw(st.sampled_from((b"", b"\n")))


indicators = st.lists(st.sampled_from(LISTED), min_size=1, max_size=8, unique=True)
