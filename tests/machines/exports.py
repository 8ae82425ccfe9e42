"""Five exports of registers, made here after the makers' own column names, and what each says.

Each has the same two machines. `cp1258` and `misread` make twins in a wrong encoding.
"""

from __future__ import annotations

import csv
import io

import xlsxwriter  # type: ignore[import-untyped]

SID = "S-1-5-21-1004336348-1177238915-682003330"
GUIDS = ("65E387D4-DD78-406F-9765-2A3AAC1DF901", "65E387D4-DD78-406F-9765-2A3AAC1DF902")

ACTIVE_DIRECTORY = [
    ["#TYPE Selected.Microsoft.ActiveDirectory.Management.ADComputer"],
    ["Name", "DNSHostName", "SID", "IPv4Address", "OperatingSystem", "LastLogonDate", "DistinguishedName"],
    ["PC-01", "PC-01.so.example.vn", f"{SID}-1101", "192.168.1.10", "Windows 11 Pro", "11/23/2026 3:15:00 PM",
     "CN=PC-01,OU=Phòng Văn thư,DC=so,DC=example,DC=vn"],
    ["PC-02", "PC-02.so.example.vn", f"{SID}-1102", "192.168.1.11", "Windows 10 Pro", "11/22/2026 8:00:00 AM",
     "CN=PC-02,OU=Phòng Kế toán,DC=so,DC=example,DC=vn"],
]  # fmt: skip
KASPERSKY = [
    ["Danh sách thiết bị được quản lý"],
    [],
    ["Name", "DNS name", "DNS domain", "IP address", "MAC address", "Operating system",
     "Last connected to Administration Server", "Nhóm"],
    ["PC-01", "pc-01", "so.example.vn", "192.168.1.10", "00:00:5E:00:53:01", "Microsoft Windows 11",
     "23/11/2026 15:15:00", "Phòng Văn thư"],
    ["PC-02", "pc-02", "so.example.vn", "192.168.1.11", "00:00:5E:00:53:02", "Microsoft Windows 10",
     "22/11/2026 08:00:00", "Phòng Kế toán"],
]  # fmt: skip
GRAVITYZONE = [
    ["Endpoint name", "FQDN", "Endpoint ID", "IP", "MACs", "AD SID", "OS", "Machine type", "Last seen"],
    ["PC-01", "pc-01.so.example.vn", "5f3a9c0d1e2b4a6c8d0e1f01", "192.168.1.10", "00005e005301",
     f"{SID}-1101", "Windows 11 Pro", "Máy trạm", "23 Nov 2026, 15:15:00"],
    ["PC-02", "pc-02.so.example.vn", "5f3a9c0d1e2b4a6c8d0e1f02", "192.168.1.11", "00005e005302;02005e005302",
     f"{SID}-1102", "Windows 10 Pro", "Máy trạm", "22 Nov 2026, 08:00:00"],
]  # fmt: skip
ESET = [
    ["Computer name", "FQDN", "IP address", "Adapter MAC address", "Serial number", "Last Connected",
     "Logged users", "Phòng ban"],
    ["PC-01", "pc-01.so.example.vn", "192.168.1.10", "00-00-5E-00-53-01", "5CG1234AB1", "2026-11-23 15:15:00",
     "SO\\van.a", "Phòng Văn thư"],
    ["PC-02", "pc-02.so.example.vn", "192.168.1.11", "00-00-5E-00-53-02", "5CG1234AB2", "2026-11-22 08:00:00",
     "SO\\van.b", "Phòng Kế toán"],
]  # fmt: skip
TRELLIX = [
    ["System Name", "EPOComputerProperties.IPHostName", "Agent GUID", "EPOComputerProperties.IPAddress",
     "EPOComputerProperties.NetAddress", "OS Type", "User Name", "Last Communication", "Phòng"],
    ["PC-01", "pc-01.so.example.vn", GUIDS[0], "192.168.1.10", "00005E005301", "Windows 11", "van.a",
     "2026-11-23T15:15:00+07:00", "Văn thư"],
    ["PC-02", "pc-02.so.example.vn", f"{{{GUIDS[1].lower()}}}", "192.168.1.11", "00005E005302", "Windows 10",
     "van.b", "2026-11-22T08:00:00+07:00", "Kế toán"],
]  # fmt: skip
UNIT = [
    ["UBND XÃ VÍ DỤ"],
    ["SỔ THEO DÕI MÁY TÍNH"],
    [],
    ["TT", "Tên máy tính", "Địa chỉ IP", "Địa chỉ MAC", "Số seri", "Người sử dụng", "Mã tài sản", "Vị trí"],
    ["1", "PC-01", "192.168.1.10", "00-00-5E-00-53-01", "5CG1234AB1", "Nguyễn Văn Á", "TS-001",
     "Phòng Văn thư"],
    ["2", "PC-02", "192.168.1.11", "00-00-5E-00-53-02", "5CG1234AB2", "Trần Thị Bưởi", "TS-002",
     "Phòng Kế toán"],
]  # fmt: skip
SEEN = {
    "active_directory": ACTIVE_DIRECTORY,
    "kaspersky": KASPERSKY,
    "gravityzone": GRAVITYZONE,
    "eset": ESET,
    "trellix": TRELLIX,
}


def text(table: list[list[str]], separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(table)
    return out.getvalue()


def xlsx(table: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("Trang bìa").write(0, 0, "Báo cáo")
        sheet = book.add_worksheet("Máy tính")
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def excel_xml(table: list[list[str]]) -> bytes:
    """Excel's XML of 2003; an empty row is left out and the next one names its place."""
    rows = "".join(
        f'<Row ss:Index="{number}">'
        + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row)
        + "</Row>"
        for number, row in enumerate(table, 1)
        if row
    )
    head = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
    spaces = ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    return f'{head}{spaces}<Worksheet ss:Name="1"><Table>{rows}</Table></Worksheet></Workbook>'.encode()


def cp1258(spelled: str) -> bytes:
    """Bytes as a Vietnamese Windows writes them: a tone stands behind its letter."""
    import unicodedata

    out = bytearray()
    for letter in spelled:
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            plain = unicodedata.normalize("NFD", letter)
            # The hat or horn stays with the letter; the tone is written apart.
            tones = [mark for mark in plain[1:] if mark in "\u0300\u0301\u0303\u0309\u0323"]
            base = unicodedata.normalize("NFC", "".join(c for c in plain if c not in tones))
            out += (base + "".join(tones)).encode("cp1258")
    return bytes(out)


def misread(spelled: str) -> bytes:
    """UTF-8 that a program took for western Windows and saved as UTF-8 again."""
    raw = spelled.encode()
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in raw).encode()
