"""Names of ports, as tcpdump and netstat look them up (IANA's registry of service names; `/etc/services` of
Debian and FreeBSD). A port of this table is that of a server, also over 1023."""

from __future__ import annotations

PORTS = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "time": 37, "whois": 43, "tacacs": 49,
    "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69, "finger": 79, "http": 80, "www": 80, "kerberos": 88,
    "pop3": 110, "sunrpc": 111, "auth": 113, "nntp": 119, "ntp": 123, "epmap": 135, "loc-srv": 135,
    "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap": 143, "imap2": 143, "snmp": 161,
    "snmp-trap": 162, "snmptrap": 162, "bgp": 179, "ldap": 389, "https": 443, "microsoft-ds": 445,
    "kpasswd": 464, "submissions": 465, "urd": 465, "isakmp": 500, "exec": 512, "login": 513, "syslog": 514,
    "shell": 514, "printer": 515, "dhcpv6-client": 546, "dhcpv6-server": 547, "rtsp": 554, "nntps": 563,
    "submission": 587, "ipp": 631, "ldaps": 636, "domain-s": 853, "rsync": 873, "ftps-data": 989, "ftps": 990,
    "telnets": 992, "imaps": 993, "pop3s": 995, "socks": 1080, "openvpn": 1194, "ms-sql-s": 1433,
    "ms-sql-m": 1434, "ncube-lm": 1521, "l2f": 1701, "l2tp": 1701, "pptp": 1723, "radius": 1812,
    "radius-acct": 1813, "ssdp": 1900, "nfs": 2049, "ndl-aas": 3128, "icpv2": 3130, "mysql": 3306,
    "ms-wbt-server": 3389, "svn": 3690, "ipsec-nat-t": 4500, "sip": 5060, "sip-tls": 5061,
    "xmpp-client": 5222, "mdns": 5353, "hostmon": 5355, "llmnr": 5355, "postgresql": 5432, "amqp": 5672,
    "rfb": 5900, "x11": 6000, "redis": 6379, "ircd": 6667, "ircs-u": 6697, "irdmi": 8000, "http-alt": 8080,
    "webcache": 8080, "tproxy": 8081, "pcsync-https": 8443,
}  # fmt: skip
FIRST_UNPRIVILEGED = 1024
"""A client's own port is seldom below: an address with such a port is a server, where no key says more."""
UNKNOWN = FIRST_UNPRIVILEGED - 1
"""Stands for the number of a name that the table does not have: only a server's port has a name."""
_KNOWN = frozenset(PORTS.values())


def is_server(port: int) -> bool:
    """Whether a port is that of a server, by its number."""
    return port < FIRST_UNPRIVILEGED or port in _KNOWN


def is_answer(source: int | None, destination: int | None) -> bool:
    """Whether the source has the port of a server, and the destination has none."""
    if source is None or not is_server(source):
        return False
    if destination is None:
        return True
    is_high = destination >= FIRST_UNPRIVILEGED
    return is_high and (source < FIRST_UNPRIVILEGED or not is_server(destination))
