"""The kinds of logs, and the note beside demonstration data."""

from __future__ import annotations

from demo.loggen.shapes import Shape
from demo.loggen.shapes.dnsmasq import Dnsmasq
from demo.loggen.shapes.eve import Eve
from demo.loggen.shapes.squid import Squid
from demo.loggen.shapes.zeek import ZeekJson
from demo.loggen.shapes.zeek_dns import ZeekDns
from demo.loggen.shapes.zeek_traffic import ZeekConn, ZeekHttp, ZeekSsl

_ZEEK = (ZeekDns(), ZeekConn(), ZeekHttp(), ZeekSsl())
KINDS: dict[str, Shape] = {
    shape.kind: shape for shape in (*_ZEEK, *map(ZeekJson, _ZEEK), Eve(), Eve(3), Squid(), Dnsmasq())
}

README = """DEMO DATA / DỮ LIỆU DEMO

Generated traffic of machines that do not exist.
Nothing here says anything about a real site, network or person.
Lưu lượng sinh tự động của các máy không có thật; không nói gì về trang mạng, mạng máy tính hay người thật.
"""
