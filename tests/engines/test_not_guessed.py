"""The scan counts a line as not understood where a listed name stands in a field unknown to the format."""

from __future__ import annotations

from pathlib import Path

import pytest

from quetsach.logs import logformat
from quetsach.scanning import engine

LINES = {
    "zyxel.usg": 'src="192.168.1.20:53" dst="192.0.2.53:53" msg="Domain evil.example, category: Malware" '
    'note="ACCESS BLOCK" user="unknown" devID="020000000001" cat="DNS Threat Filter"',
    "h3c.secpath": "%%10AUDIT/6/AUDIT_RULE_MATCH_SEARCH_IPV4_LOG:Protocol(1001)=TCP;"
    "SrcIPAddr(1003)=192.168.1.20;SrcPort(1004)=1;DstIPAddr(1007)=192.0.2.7;DstPort(1008)=80;Content(1104)=evil.example;",
    "hillstone.stoneos": "0000000000000001(root) 4424361a Traffic@NBC: URL: 192.168.1.20 visits "
    "evil.example, action permit",
    "sangfor.ngaf": "Log type: mail, src IP: 192.168.1.20, src port:1, dst IP: 192.0.2.25, dst port:25, "
    "attachment: from evil.example, action:Denied",
    "eset.protect": '{"event_type":"Audit_Event","ipv4":"192.168.1.20","hostname":"pc-07","source_uuid":"0",'
    '"occured":"16-Sep-2026 04:00:05","domain":"x","detail":"evil.example"}',
    "cisco.meraki": "1789531205.262063982 MX84 events type=vpn_connect peer_contact='evil.example:51856'",
    "cisco.umbrella": '"2026-09-16 04:00:05","Real Time","0","CRITICAL","Network1","","first.xlsx","Drive",'
    '"evil.example","BLOCK","rule","classification","classifier"',
    "zscaler.zia": '{"sourcetype":"zscalernss-casb","event":{"login":"an.nguyen@evil.example",'
    '"fullurl":"https://evil.example/x"}}',
    "dptech.fw": "Jul  5 13:26:44 2026 DPTECH %%UAG/AUDIT/6/DATALOG(l): log-type(1):url;event(2):log;"
    "source-ip(24):192.168.1.20;url(40):evil.example;",
}


@pytest.mark.parametrize("name", ["portable", pytest.param("native", marks=pytest.mark.native)])
@pytest.mark.parametrize("log_format", LINES)
def test_what_is_not_understood_is_told(log_format: str, name: str, tmp_path: Path) -> None:
    known = [s.line for s in logformat.load_all()[log_format].samples if not s.header][:5]
    log = tmp_path / "log"
    log.write_text("\n".join([*known, LINES[log_format]]) + "\n", encoding="utf-8")
    matcher = engine.compile(["evil.example"], guard_rails=False, name=name)
    result = matcher.scan(log, engine.ScanOptions(), engine.choose(name).progress())
    assert not result.sightings
    assert result.coverage.not_understood == 1
