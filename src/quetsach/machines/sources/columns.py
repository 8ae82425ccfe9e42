"""The columns of a register of machines: the headings that makers and offices write over them.

Headings are compared without case and marks. Opened on 29/11/2026 at learn.microsoft.com: "DhcpServerv4Lease
class": IPAddress, ClientId, HostName, and LeaseExpiryTime in the zone and spelling of the exporting person;
"Get-ADComputer" and "Active Directory: PowerShell AD Module Properties", by which SID is the
attribute objectSid and is always there. LastLogonDate, IPv4Address and OperatingSystem were seen in scripts
that export them, not in a manual. Read in November 2026: Kaspersky Security Center Open API, attributes
KLHST_WKS_* of a host; bitdefender.com, GravityZone API, getManagedEndpointDetails; help.eset.com, ESET
PROTECT, Computers ("Last connected"); columns of Trellix ePolicy Orchestrator as its queries name them
(EPOLeafNode, EPOComputerProperties). The other headings are words that a console shows or an office writes
for the same: a wrong guess is seen in the preview, and put right in the mapping. No sample of Bkav is public.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from quetsach.text.vietnamese import search_key

NOT_READ = ""
"""The key of a column that a mapping leaves out."""


@dataclass(frozen=True)
class Column:
    """One meaning. `headings` are all spellings that are proposed for it; `is_key` says that it names a
    machine, `is_many` that a cell may hold several values."""

    key: str
    headings: tuple[str, ...]
    is_key: bool = False
    is_many: bool = False


COLUMNS = (
    Column(
        "host",
        (
            "Tên máy", "Tên máy tính", "Tên thiết bị", "Tên máy trạm", "Hostname", "Host name", "Computer",
            "Computer name", "Name", "Device name", "Device", "System name", "NetBIOS name", "Machine name",
            "Endpoint name", "Endpoint", "Windows name", "Label", "KLHST_WKS_WINHOSTNAME", "KLHST_WKS_DN",
            "EPOLeafNode.NodeName", "EPOComputerProperties.ComputerName", "SamAccountName", "Máy trạm",
            "Tên máy chủ", "Tên host",
        ),
        is_key=True,
    ),
    Column(
        "fqdn",
        (
            "FQDN", "DNSHostName", "DNS name", "DNS host name", "Tên miền đầy đủ", "Tên DNS", "Full name",
            "Full computer name", "KLHST_WKS_FQDN", "EPOComputerProperties.IPHostName", "Computer FQDN",
            "Fully qualified domain name",
        ),
        is_key=True,
    ),
    Column(
        "domain",
        ("DNS domain", "Domain name", "Windows domain", "Tên miền", "Domain", "KLHST_WKS_DNSDOMAIN"),
    ),
    Column(
        "address",
        (
            "Địa chỉ IP", "IP", "IP address", "IP addresses", "Địa chỉ mạng", "Địa chỉ IPv4", "IPAddress",
            "Địa chỉ IP máy",
        ),
        is_many=True,
    ),
    Column(
        "fixed",
        ("IP tĩnh", "Địa chỉ IP tĩnh", "Static IP", "Fixed IP", "Địa chỉ cố định", "Static IP address"),
        is_many=True,
    ),
    Column(
        "seen_address",
        (
            "IPv4Address", "IPv6Address", "IPv4 address", "IPv6 address", "Last known IP", "Last IP",
            "Local IP", "Connection IP address", "EPOComputerProperties.IPAddress", "Địa chỉ IP gần nhất",
            "Last IP address", "Adapter IPv4 address", "Adapter IPv6 address", "Remote host",
        ),
        is_many=True,
    ),
    Column(
        "mac",
        (
            "Địa chỉ MAC", "MAC", "MAC address", "MAC addresses", "MACs", "Physical address",
            "Địa chỉ vật lý", "Hardware address", "EPOComputerProperties.NetAddress", "Network address",
            "Adapter MAC address", "ClientId",
        ),
        is_key=True,
        is_many=True,
    ),
    Column(
        "hardware",
        ("UUID", "Hardware UUID", "SMBIOS UUID", "BIOS UUID", "System UUID", "hwUUID", "SMBIOSGUID"),
        is_key=True,
    ),
    Column(
        "serial",
        (
            "Số sê-ri", "Số seri", "Số serial", "Serial", "Serial number", "SerialNumber", "S/N",
            "Service tag", "BIOS serial number", "Device serial number",
            "EPOComputerProperties.SystemSerialNumber", "System serial number",
        ),
        is_key=True,
    ),
    Column("adsid", ("SID", "AD SID", "objectSid", "ssid", "Security identifier"), is_key=True),
    Column(
        "agent",
        (
            "Agent GUID", "AgentGUID", "EPOLeafNode.AgentGUID", "Agent ID", "Endpoint ID", "Computer UUID",
            "KLHST_INSTANCEID", "Network Agent ID", "Mã agent", "Device ID", "Host ID", "KLHST_WKS_HOSTNAME",
        ),
        is_key=True,
    ),
    Column(
        "user",
        (
            "Người dùng", "Người sử dụng", "Tài khoản", "User", "User name", "Username", "Logged users",
            "Last logged on user", "Last user", "EPOComputerProperties.UserName", "Logged-in users",
        ),
    ),
    Column(
        "seen",
        (
            "Lần cuối kết nối", "Kết nối lần cuối", "Lần cuối nhìn thấy", "Last seen", "Last connected",
            "Last communication", "LastLogonDate", "Last connection", "Last visible", "Last visibility",
            "Last connected to Administration Server", "EPOLeafNode.LastUpdate", "KLHST_WKS_LAST_VISIBLE",
            "Last update", "Connecting to Administration Server", "Thời gian kết nối cuối", "Last sync",
            "Cập nhật lần cuối", "Lần kết nối gần nhất", "Last connection time", "Ngày kết nối cuối",
        ),
    ),
    Column("since", ("Từ ngày", "Ngày cấp", "Ngày sử dụng", "Ngày bàn giao", "From", "Since", "Valid from")),
    Column("until", ("Đến ngày", "Ngày thu hồi", "Ngày thanh lý", "Until", "Valid to", "Valid until")),
    Column("lease_end", ("LeaseExpiryTime", "Lease expiration", "Lease expiry", "Hết hạn cấp phát")),
    Column("asset", ("Mã tài sản", "Số tài sản", "Số hiệu tài sản", "Asset number", "Asset tag", "Asset")),
    Column("model", ("Kiểu máy", "Dòng máy", "Model", "Cấu hình", "Nhãn hiệu", "Manufacturer model")),
    Column(
        "system",
        (
            "Hệ điều hành", "Operating system", "OperatingSystem", "OS", "OS name", "OS type", "Platform",
            "EPOComputerProperties.OSType", "KLHST_WKS_OS_NAME",
        ),
    ),
    Column("kind", ("Loại máy", "Loại thiết bị", "Loại", "Machine type", "Device type", "Computer type")),
    Column("room", ("Phòng", "Vị trí", "Địa điểm", "Nơi đặt", "Room", "Location", "Phòng ban")),
    Column("unit", ("Đơn vị", "Đơn vị sử dụng", "Bộ phận", "Unit", "Department", "Group", "Nhóm", "Company")),
)  # fmt: skip
BY_KEY = {column.key: column for column in COLUMNS}
BY_HEADING = {search_key(heading): column.key for column in COLUMNS for heading in column.headings}
KINDS = (
    ("server", ("server", "máy chủ", "may chu", "domain controller")),
    ("printer", ("printer", "máy in", "photocopy", "print server", "scanner", "máy quét")),
    ("phone", ("phone", "điện thoại", "android", "ios", "iphone", "tablet", "máy tính bảng", "mobile")),
    ("guest", ("guest", "khách")),
    (
        "pc",
        (
            "pc", "desktop", "laptop", "notebook", "workstation", "computer", "máy tính", "máy trạm",
            "xách tay", "để bàn", "windows 7", "windows 8", "windows 10", "windows 11", "windows xp", "macos",
        ),
    ),
    ("other", ("camera", "switch", "router", "access point", "nvr", "ups", "máy chấm công", "thiết bị mạng")),
)  # fmt: skip
"""The kinds of machines (`machines.evidence`), each with words of a register for it; the first fit counts."""


def kind_of(*said: str) -> str:
    """The kind of machine that words of a register mean, "" where none of them says it."""
    for text in map(search_key, said):
        for kind, spelled in KINDS:
            if any(re.search(rf"\b{re.escape(search_key(word))}\b", text) for word in spelled):
                return kind
    return ""


LOG_WORDS = frozenset(
    map(search_key, ("Thời gian", "Thời điểm", "Ngày giờ", "Time", "Date", "Timestamp", "Date/Time", "Event"))
)
"""A table with such a heading tells what happened: it is no register."""
ABOUT = ("asset", "model", "system", "room", "unit")
"""Words of a register that say more of a machine; they name none."""


def proposed(headings: list[str]) -> dict[int, str]:
    """The meaning of each column, by its place, from the headings; columns that nobody knows have none.

    A heading counts whole, else without what stands in brackets or behind a colon. Of two columns with one
    meaning the first counts, unless a cell may hold several values.
    """
    found: dict[int, str] = {}
    for place, heading in enumerate(headings):
        key = meaning(heading)
        is_taken = key in found.values() and not (key and BY_KEY[key].is_many)
        if key is not None and not is_taken:
            found[place] = key
    return found


def meaning(heading: str) -> str | None:
    """The key of the column with such a heading, None where nobody knows it."""
    folded = search_key(heading.lstrip("\ufeff").strip().strip('"'))
    plain = folded.partition("(")[0].partition(":")[0].strip(" *.")
    spaced = " ".join(plain.replace("_", " ").replace("-", " ").split())
    for spelled in (folded, plain, spaced):
        if spelled in BY_HEADING:
            return BY_HEADING[spelled]
    return None
