"""Lines wrapped by collectors: the same sightings as without the wrapper, in both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import PortableEngine
from quetsach.scanning.engines.wrappers import Wrapper, readings
from tests.engines.both import compare, few
from tests.engines.indicator_sets import make_set
from tests.engines.random_lines import any_line, indicators, without_line_feeds

QUERY = "query[A] evil.example from 192.168.1.20"


def inside(line: str) -> list[tuple[str, Wrapper | None]]:
    return [(r.text.decode(), r.wrapper) for r in readings(line.encode())]


@pytest.mark.parametrize(
    ("line", "text", "wrapper"),
    [
        # RFC 5424 6.5, examples 1 to 3, and RFC 3164 5.4, example 1.
        (
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed",
            "'su root' failed",
            Wrapper((b"2003-10-11T22:14:15.003Z",), b"mymachine.example.com", b"su"),
        ),
        (
            "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - "
            "%% It's time to make the do-nuts.",
            "%% It's time to make the do-nuts.",
            Wrapper((b"2003-08-24T05:14:15.000003-07:00",), b"192.0.2.1", b"myproc"),
        ),
        (
            "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
            '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] '
            "\ufeffAn application event log entry...",
            "An application event log entry...",
            Wrapper((b"2003-10-11T22:14:15.003Z",), b"mymachine.example.com", b"evntslog"),
        ),
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            "'su root' failed for lonvick on /dev/pts/8",
            Wrapper((b"Oct 11 22:14:15",), b"mymachine", b"su"),
        ),
        # RFC 5424 6.3.5: `"`, `\` and `]` escaped inside a value.
        (
            r'<1>1 - - app - - [x@1 a="\"]\\" b="\]"][y@1] text ] "',
            'text ] "',
            Wrapper((), None, b"app"),
        ),
        # Docker json-file, journald as JSON, the container runtime's own, OpenWrt, a relay before a host.
        (
            json.dumps({"log": "x y\r\n", "stream": "stdout", "time": "2022-09-16T04:00:00.123456789Z"}),
            "x y",
            Wrapper((b"2022-09-16T04:00:00.123456789Z",), None, None),
        ),
        (
            json.dumps(
                {"MESSAGE": [120, 255], "_HOSTNAME": "gw", "__REALTIME_TIMESTAMP": "1663300800123456"}
            ),
            None,
            Wrapper((b"1663300800123456",), b"gw", None),
        ),
        (
            "2022-09-16T04:00:00.5Z stdout F [INFO] x",
            "[INFO] x",
            Wrapper((b"2022-09-16T04:00:00.5Z",), None, None),
        ),
        (
            "Fri Sep 16 11:00:00 2022 daemon.info dnsmasq[612]: x",
            "x",
            Wrapper((b"Fri Sep 16 11:00:00 2022",), b"daemon.info", b"dnsmasq"),
        ),
        (
            "Sep 16 11:00:05 relay Sep 16 11:00:00 ns1 named[7]: x",
            "x",
            Wrapper((b"Sep 16 11:00:00", b"Sep 16 11:00:05"), b"ns1", b"named"),
        ),
        (
            'Sep 16 11:00:05 gw fluent[1]: {"message":"x"}',
            "x",
            Wrapper((b"Sep 16 11:00:05",), b"gw", b"fluent"),
        ),
        ("<30>date=2022-09-16 time=11:00:00", "date=2022-09-16 time=11:00:00", Wrapper()),
        # rsyslog's RSYSLOG_SyslogProtocol23Format, and its JSON: the space behind the tag starts the message.
        (
            "<30>1 2022-09-16T11:00:00+07:00 gw dnsmasq 12 - -  x",
            "x",
            Wrapper((b"2022-09-16T11:00:00+07:00",), b"gw", b"dnsmasq"),
        ),
        (
            '{"msg":" x","programname":"dnsmasq","timereported":"2022-09-16T11:00:00+07:00"}',
            "x",
            Wrapper((b"2022-09-16T11:00:00+07:00",), None, b"dnsmasq"),
        ),
        # Wazuh's archives.json and Splunk's export.
        (
            '{"timestamp":"2022-09-16T04:00:00.000+0000","full_log":"x"}',
            "x",
            Wrapper((b"2022-09-16T04:00:00.000+0000",)),
        ),
        ('{"_raw":"x","_time":"2022-09-16T04:00:00Z"}', "x", Wrapper((b"2022-09-16T04:00:00Z",))),
        # Kiwi Syslog's own form: time, facility and level, and sender, between tabs.
        (
            "2022-09-16 11:00:00\tDaemon.Info\t192.0.2.1\tSep 16 11:00:01 gw dnsmasq[7]: x",
            "x",
            Wrapper((b"Sep 16 11:00:01", b"2022-09-16 11:00:00"), b"gw", b"dnsmasq"),
        ),
        (
            "2022-09-16 11:00:00\tLocal7.Notice\t192.0.2.1\tx y",
            "x y",
            Wrapper((b"2022-09-16 11:00:00",), b"192.0.2.1", None),
        ),
        # Two spaces behind the time (older Junos), one behind the priority (PAN-OS, SonicOS).
        ("Nov  3 19:06:50  SRX220 RT_FLOW: x", "x", Wrapper((b"Nov  3 19:06:50",), b"SRX220", b"RT_FLOW")),
        ("<12> Jul 14 11:22:29 fw id[7]: x", "x", Wrapper((b"Jul 14 11:22:29",), b"fw", b"id")),
        # A relay that puts its head before one with the time of ISO 8601.
        (
            "Sep 16 11:00:05 relay 2022-09-16T11:00:00.5+07:00 gw kernel: x",
            "x",
            Wrapper((b"2022-09-16T11:00:00.5+07:00", b"Sep 16 11:00:05"), b"gw", b"kernel"),
        ),
        # docker compose logs.
        ("pihole-1  | Sep 16 11:00:00 dnsmasq[7]: x", "x", Wrapper((b"Sep 16 11:00:00",), None, b"dnsmasq")),
        # A day of one digit without the second space of RFC 3164, 4.1.2.
        ("Mar 8 22:35:42 gw dnsmasq[7]: x", "x", Wrapper((b"Mar  8 22:35:42",), b"gw", b"dnsmasq")),
        ("<30>Mar 8 2022 22:35:42: x", "x", Wrapper((b"Mar  8 2022 22:35:42",))),
        # A power cut: the line broke off, zeros follow, and the next line starts behind them.
        (
            "Sep 16 11:00:00 gw dnsm\0\0\0\0Sep 16 11:05:00 gw dnsmasq[7]: x",
            "x",
            Wrapper((b"Sep 16 11:05:00",), b"gw", b"dnsmasq"),
        ),
        ('\0\0{"log":"x","time":"2022-09-16T04:00:00Z"}\0', "x", Wrapper((b"2022-09-16T04:00:00Z",))),
        # NX-OS, with the year first; the line starts of Go and nginx; journalctl -o short-full.
        (
            "2022 Sep 16 11:00:00 gw dnsmasq[7]: x",
            "x",
            Wrapper((b"2022 Sep 16 11:00:00",), b"gw", b"dnsmasq"),
        ),
        ("2022 Mar 8 11:00:00.25 gw dnsmasq: x", "x", Wrapper((b"2022 Mar  8 11:00:00",), b"gw", b"dnsmasq")),
        ("2022/09/16 11:00:00 gw dnsmasq[7]: x", "x", Wrapper((b"2022/09/16 11:00:00",), b"gw", b"dnsmasq")),
        (
            "Fri 2022-09-16 11:00:00 +07 gw dnsmasq[7]: x",
            "x",
            Wrapper((b"2022-09-16 11:00:00 +07",), b"gw", b"dnsmasq"),
        ),
        (
            "Fri 2022-09-16 11:00:00.123456 UTC ICT dnsmasq[7]: x",
            "x",
            Wrapper((b"2022-09-16 11:00:00.123456 UTC",), b"ICT", b"dnsmasq"),
        ),
        (
            "Fri 2022-09-16 11:00:00 CEST gw dnsmasq[7]: x",
            "x",
            Wrapper((b"2022-09-16 11:00:00 CEST",), b"gw", b"dnsmasq"),
        ),
    ],
)
def test_the_innermost_text_and_what_was_round_it(line: str, text: str | None, wrapper: Wrapper) -> None:
    *_, last = readings(line.encode())
    assert last.text == (b"x\xff" if text is None else text.encode())
    assert last.wrapper == wrapper


def test_at_most_three_layers_are_peeled() -> None:
    deep = json.dumps({"log": json.dumps({"log": json.dumps({"log": json.dumps({"log": "x"})})})})
    assert inside(deep)[-1][0] == '{"log": "x"}'


@pytest.mark.parametrize(
    "line", ["", "{", "<", "{}", '{"log": 1}', '{"log": ""}', "<1234>x", "1 2 3", "<34>1 - - -"]
)
def test_what_is_no_wrapper_is_left_alone_or_harmless(line: str) -> None:
    assert inside(line)[0] == (line, None)


def wrap_json(text: str, key: str, escape: str) -> str:
    """The text as a JSON string in which some characters are spelled as escapes."""
    record = json.dumps(
        {key: text, "hostname": "collector", "time": "2022-09-16T04:00:00Z"}, ensure_ascii=False
    )
    return record.replace("/", "\\/").replace(escape, f"\\u{ord(escape):04x}") if escape else record


WRAPPERS = (
    "{0}",
    "<30>{0}",
    "<30> {0}",
    "Sep 16 11:00:00 ns1 {0}",
    "Sep 6 11:00:00 ns1 {0}",
    "\0\0\0{0}",
    "{0}\0",
    "#fields\tts\0\0{0}",
    "Sep 6 11:0\0\0\0Sep 6 11:05:00 ns1 {0}",
    "2022 Sep 6 11:00:00 ns1 {0}",
    "2022/09/06 11:00:00 ns1 {0}",
    "Tue 2022-09-06 11:00:00 +07 ns1 {0}",
    "Tue 2022-09-06 11:00:00 GMT ns1 {0}",
    "Tue 2022-09-06 11:00:00 CEST {0}",
    "pihole-1  | {0}",
    "<30>Sep 6 2022 11:00:00: {0}",
    "<30> Sep 16 11:00:00  ns1 {0}",
    "Sep 16 11:00:00 ns1 named[612]: {0}",
    "2022-09-16T11:00:00+07:00 ns1 dnsmasq[612]: {0}",
    "2022-09-16T11:00:00+07:00 ns1 {0}",
    "<30>1 2022-09-16T04:00:00Z ns1 dnsmasq 612 - - {0}",
    '<30>1 - - - - - [a@1 b="c"] {0}',
    "2022-09-16T04:00:00.5Z stdout F {0}",
    "Fri Sep 16 11:00:00 2022 daemon.info dnsmasq[612]: {0}",
    "2022-09-16 11:00:00\tDaemon.Info\t192.0.2.1\t{0}",
    "<30>1 2022-09-16T04:00:00Z ns1 dnsmasq 612 - -  {0}",
    "evil.example 203.0.113.9 {0}",
    "<134>1 2022-09-16T04:00:00Z 192.168.1.1 {0}",
    "<134>192.168.1.1 {0}",
    "<134>2022-09-16T04:00:00Z relay <30>2022-09-16T04:00:00Z ns1 {0}",
    "192.168.1.1 {0}",
    "192.168.1.1: {0}",
    "192.168.1.1:514 {0}",
    "[2001:db8::1]:514 {0}",
    "[2001:db8::1] dnsmasq: {0}",
    "2001:db8::1: {0}",
    "2001:db8:: {0}",
    "[192.168.1.1 {0}",
    "2022-09-16T04:00:00Z [192.168.1.1] {0}",
    "2022 Sep 16 11:00:00 fw->192.168.1.1 {0}",
    "2022 Sep  6 11:00:00 (pc 1) any->/var/log/x {0}",
    "Sep  6 11:00:00 fw->192.168.1.1 {0}",
    "2022-09-16T11:00:00+07:00\tsyslog.local0\t{0}",
    "2022-09-16 11:00:00\t192.168.1.1\tns1\tinfo\tx\t{0}",
    "2022-09-16T11:00:00Z,192.168.1.1,{0}",
    "2022-09-16,11:00:00;{0}",
    '"2022-09-16","11:00:00","{0}"',
    '"{0}",""""',
)


def _nested(*keys: str, **beside: object) -> Callable[[str], str]:
    def wrap(line: str) -> str:
        value: object = line
        for key in reversed(keys):
            value = {"x": 1.50, key: value, **beside}
        return json.dumps(value, ensure_ascii=False)

    return wrap


def _row(line: str) -> str:
    quoted = line.replace('"', '""')
    return f'2022-09-16T04:00:00Z,"192.168.1.1","{quoted}"'


ENVELOPES = (
    _nested("_source", "message", time="2022-09-16T04:00:00Z"),
    _nested("_source", "event", "original"),
    _nested("event", "original", message="evil.example"),
    _nested("log", "original"),
    _nested("result", "_raw", _time="1663300800.5"),
    _nested("event", "query", client="192.168.1.20", **{"a\tb": ['\x01"', None, True, {}]}),
    _nested("result", "_source", "event", "message"),
    lambda line: json.dumps({"records": [{"time": "1663300800123", "msg": line}]}),
    lambda line: json.dumps({"logEvents": [{"message": line}, {"message": "x"}]}),
    lambda line: '{"event":{"a":1,"b":"' + json.dumps(line)[1:-1] + '","a":[2]},"host":"h"}',
    _row,
)


@st.composite
def wrapped(draw: st.DrawFn) -> str:
    line = without_line_feeds(draw(any_line))
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            escape = draw(st.sampled_from(("", "e", ".", ":", "1")))
            prefix = draw(st.sampled_from(("", " ", "  ", "\t", "\n", "\b", "\f", "a\r")))
            line = wrap_json(
                prefix + line,
                draw(
                    st.sampled_from(
                        ("log", "message", "MESSAGE", "full_log", "event", "full_message", "other")
                    )
                ),
                escape,
            )
        elif draw(st.booleans()):
            line = draw(st.sampled_from(ENVELOPES))(line)
        else:
            line = draw(st.sampled_from(WRAPPERS)).format(line)
    return line


@pytest.mark.native
@few
@given(indicators, st.lists(wrapped(), min_size=1, max_size=5), st.booleans())
def test_both_engines_peel_the_same(values: list[str], lines: list[str], devices: bool) -> None:
    compare(values, "\n".join(lines).encode("utf-8", "surrogatepass"), devices=devices)


@pytest.mark.parametrize(
    "line",
    [
        f"<30>1 2022-09-16T04:00:00Z ns1 dnsmasq 612 - - {QUERY}",
        f"2022-09-16T11:00:00+07:00 relay 1 dnsmasq[612]: {QUERY}",
        json.dumps({"log": f"dnsmasq[612]: {QUERY}\n", "stream": "stderr", "time": "2022-09-16T04:00:00Z"}),
        json.dumps(
            {"MESSAGE": QUERY, "SYSLOG_IDENTIFIER": "dnsmasq", "__REALTIME_TIMESTAMP": "1663300800000000"}
        ),
        json.dumps({"log": f"Sep 16 04:00:00 dnsmasq[612]: {QUERY}\n", "time": "2022-09-16T04:00:00Z"}),
        json.dumps({"message": f" {QUERY}", "programname": "dnsmasq", "time": "2022-09-16T04:00:00Z"}),
        f"2022-09-16 11:00:00\tDaemon.Info\t192.168.1.1\tdnsmasq[612]: {QUERY}",
        "\0" * 4096 + f"2022-09-16T11:00:00+07:00 gw dnsmasq[612]: {QUERY}",
        f"2022-09-15T09:00:00+07:00 gw CRO\0\0\0\0002022-09-16T11:00:00+07:00 gw dnsmasq[612]: {QUERY}\0\r",
        f"2022 Sep 16 11:00:00 gw dnsmasq[612]: {QUERY}",
        f"2022/09/16 11:00:00 gw dnsmasq[612]: {QUERY}",
        f"Fri 2022-09-16 11:00:00 +07 gw dnsmasq[612]: {QUERY}",
        f"Fri 2022-09-16 04:00:00 UTC gw dnsmasq[612]: {QUERY}",
        f"Fri 2022-09-16 06:00:00 CEST gw dnsmasq[612]: {QUERY}",
        json.dumps(
            {
                "message": f"<30>Sep 16 11:00:00 ns1 dnsmasq[612]: {QUERY}",
                "@timestamp": "2022-09-16T04:00:00Z",
            }
        ),
    ],
)
def test_a_wrapped_line_is_attributed_and_takes_the_time_with_a_year(tmp_path: Path, line: str) -> None:
    path = tmp_path / "log"
    path.write_text(line + "\n")
    matcher = PortableEngine().compile(make_set(["evil.example"]))
    result = matcher.scan(path, ScanOptions(devices=True), PortableEngine().progress())
    (row,) = result.sightings
    assert (row.logformat, row.device, row.field) == ("dnsmasq", "192.168.1.20", "query")
    assert row.first_seen == "2022-09-16T04:00:00.000000Z"
    assert result.coverage.devices == {"2022-09-16": ["192.168.1.20"]}
    assert result.coverage.not_understood == 0


def test_what_stands_before_a_hole_is_no_part_of_what_follows_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        b"2022-09-15T04:00:00Z 192.168.1.5 asked for ser" + b"\0" * 80 + b"2022-09-16T04:00:00Z "
        b"192.168.1.20 asks for evil.example\n2022-09-16T04:00:00Z 192.168.1.20 asks for evil.exa\0\n"
    )
    result = (
        PortableEngine()
        .compile(make_set(["evil.example"]))
        .scan(path, ScanOptions(), PortableEngine().progress())
    )
    (row,) = result.sightings
    assert (row.device, row.first_seen) == ("192.168.1.20", "2022-09-16T04:00:00.000000Z")
    compare(["evil.example"], path.read_bytes())


def test_an_escape_never_hides_a_name_or_address(tmp_path: Path) -> None:
    lines = [
        json.dumps({"message": f"a{control}{token} z"})
        for control in "\b\f\n\r\t"
        for token in ("evil.example", "203.0.113.9", "2001:db8::1")
    ]
    path = tmp_path / "log"
    path.write_text("\n".join(lines))
    values = ["evil.example", "203.0.113.9", "2001:db8::1"]
    result = PortableEngine().compile(make_set(values)).scan(path, ScanOptions(), PortableEngine().progress())
    assert {row.indicator: row.count for row in result.sightings} == dict.fromkeys(values, 5)
    compare(values, path.read_bytes())


def test_in_one_file_of_many_daemons_only_hit_lines_count_as_not_understood(tmp_path: Path) -> None:
    lines = [
        "Sep 16 11:00:00 gw CRON[99]: (root) CMD (run-parts /etc/cron.hourly)",
        "Sep 16 11:00:01 gw dhcpd[5]: DHCPACK on 192.168.1.20 to 02:00:00:00:00:01 via eth0",
        f"<30>Sep 16 11:00:02 gw dnsmasq[612]: {QUERY}",
        f"Sep 16 11:00:03 relay Sep 16 11:00:02 gw dnsmasq[612]: {QUERY}",
        "Sep 16 11:00:04 gw app: evil.example was mentioned",
    ]
    path = tmp_path / "messages"
    path.write_text("\n".join(lines))
    matcher = PortableEngine().compile(make_set(["evil.example"]))
    result = matcher.scan(path, ScanOptions(devices=True), PortableEngine().progress())
    assert [(r.logformat, r.count) for r in result.sightings] == [("text", 1), ("dnsmasq", 2)]
    assert result.coverage.not_understood == 0
    assert [d for ds in result.coverage.devices.values() for d in ds] == ["192.168.1.20"]
    compare(["evil.example"], path.read_bytes(), devices=True)


SENDER = "10.9.9.9"
ALONE = (
    f"dnsmasq[612]: {QUERY}",
    "1663300800.123    250 192.168.1.20 TCP_MISS/200 5120 GET http://evil.example/a - HIER_NONE/- text/html",
    'date=2022-09-16 time=11:00:00 devname="fw, 1" logid="0317013312" type="utm" subtype="webfilter"'
    ' vd="root" srcip=192.168.1.20 dstip=198.51.100.7 hostname="evil.example" action="passthrough"',
    '{"ts":1663300800.123456,"uid":"C1","id.orig_h":"192.168.1.20","id.orig_p":50000,"id.resp_h":"10.0.0.53",'
    '"id.resp_p":53,"proto":"udp","trans_id":7,"query":"evil.example","rcode":0,"rejected":false}',
)
"""Lines whose machine, format and field are known without a scan: the machine is 192.168.1.20."""
# The record of fluentd is two layers, the others are one.
COLLECTORS: tuple[Callable[[str], str], ...] = (
    lambda line: f"<134>1 2022-09-16T04:00:07Z {SENDER} {line}",
    lambda line: f"<134>Sep 16 11:00:07 {SENDER} {line}",
    lambda line: f"2022-09-16T04:00:07Z {SENDER} {line}",
    lambda line: f"{SENDER} {line}",
    lambda line: f"{SENDER}:514: {line}",
    lambda line: f"2022 Sep 16 11:00:07 fw->{SENDER} {line}",
    lambda line: f"2022 Sep 16 11:00:07 (web server 1) any->/var/log/x {line}",
    lambda line: f"2022-09-16T04:00:07Z\tsyslog\t{json.dumps({'host': SENDER, 'message': line})}",
    lambda line: json.dumps({"_source": {"host": {"ip": SENDER}, "event": {"original": line}}}),
    lambda line: json.dumps({"result": {"host": SENDER, "_raw": line}}),
    lambda line: json.dumps({"time": 1663300807, "host": SENDER, "event": line}),
    lambda line: json.dumps({"time": 1663300807, "event": json.loads(line) if line[0] == "{" else line}),
    lambda line: json.dumps({"host": SENDER, "short_message": line[:20], "full_message": line}),
    lambda line: json.dumps(
        {"HostIP": SENDER, "SyslogMessage": line, "TimeGenerated": "2022-09-16T04:00:07Z"}
    ),
    lambda line: f'"2022-09-16T04:00:07Z","{SENDER}","' + line.replace('"', '""') + '"',
)


@pytest.mark.native
@few
@given(st.sampled_from(ALONE), st.lists(st.sampled_from(COLLECTORS), min_size=1, max_size=2, unique=True))
def test_whatever_collectors_wrote_round_a_line_the_machine_is_that_of_the_line(
    line: str, collectors: list[Callable[[str], str]]
) -> None:
    wrapped = line
    for collector in collectors:
        wrapped = collector(wrapped)
    (row,) = compare(["evil.example"], wrapped.encode() + b"\n").sightings
    assert (row.device, row.count) == ("192.168.1.20", 1)
    assert row.logformat in ("dnsmasq", "squid", "fortinet.fortigate", "zeek.dns")
    if row.logformat != "dnsmasq":
        assert row.first_seen is not None
        assert row.first_seen.startswith("2022-09-16T04:00:00")
