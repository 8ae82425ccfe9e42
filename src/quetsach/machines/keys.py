"""Keys of machines in canonical form, from the spellings that sources use; None where a text is no key.

A text that many machines share, such as the host name `localhost` or a serial number that the maker left
empty, is no key: two machines would become one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from quetsach.machines.evidence import Key
from quetsach.text.canonical import address, is_numeric_name, name
from quetsach.text.escape import escape
from quetsach.text.marks import normalize

_MAC = re.compile(
    r"(?:[0-9a-f]{1,2}(?:([:-])[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9a-f]{12})",
    re.ASCII | re.IGNORECASE,
)
_UUID = re.compile(
    r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?", re.ASCII
)
_SID = re.compile(r"S-1-5-21-\d{1,10}-\d{1,10}-\d{1,10}-\d{1,10}", re.ASCII)
_SAME_DIGIT = re.compile(r"(.)\1*")
_HEX = re.compile(r"[0-9a-f]{2}(?::?[0-9a-f]{2}){3,129}", re.ASCII)
_LONGEST = 255
_MOST_KNOWN = 1 << 10
"""Texts whose keys are remembered: the rows of a document name the same machines again and again."""
_GROUP, _LOCAL = 0x01, 0x02
"""Bits of the first octet of a hardware address (IEEE 802-2014, 8.2.2)."""
_SHARED = frozenset(
    (
        "", "-", "--", "*", "?", ".", "n/a", "na", "none", "null", "nil", "unknown", "unassigned", "(none)",
        "(null)", "(unknown)", "undefined", "default", "localhost", "localhost.localdomain", "android",
        "iphone", "ipad", "not specified", "to be filled by o.e.m.", "system serial number",
        "default string", "not applicable", "không", "không có", "không rõ", "chưa rõ", "chưa có", "0",
    )
)  # fmt: skip
"""Written where there is no value, and names that a maker gives to all of its machines."""


def _composed(text: str) -> str:
    """The text with one spelling of letters that have marks: macOS writes `á` as `a` and a mark."""
    return normalize("NFC", text).strip()


def is_said(text: str) -> bool:
    """Whether a cell or a field says anything."""
    return _composed(text).casefold() not in _SHARED


def _is_plain(text: str) -> bool:
    """Whether a name shows as it is: control and bidirectional characters stand in no name of a machine."""
    try:
        return escape(text.encode("utf-8", "surrogateescape")) == text
    except UnicodeEncodeError:  # half a letter, as JSON can spell it
        return False


def _is_numeric(spelled: str) -> bool:
    """Whether it is an IPv4 address or looks like one, also with the zone of a link behind it
    (`10.1.1.5%eth0`)."""
    return is_numeric_name(spelled.partition("%")[0])


@lru_cache(_MOST_KNOWN)
def mac(text: str) -> Key | None:
    """`mac` or `randommac` for a hardware address of 48 bits in any usual spelling.

    None also for an address of a group of machines (broadcast, multicast) and for zeros.
    """
    spelled = text.strip()
    if not _MAC.fullmatch(spelled):
        return None
    if ":" in spelled or "-" in spelled:
        digits = "".join(part.rjust(2, "0") for part in re.split("[:-]", spelled.lower()))
    else:
        digits = spelled.lower().replace(".", "")
    first = int(digits[:2], 16)
    if first & _GROUP or _SAME_DIGIT.fullmatch(digits):
        return None
    return Key(
        "randommac" if first & _LOCAL else "mac", "-".join(digits[at : at + 2] for at in range(0, 12, 2))
    )


@lru_cache(_MOST_KNOWN)
def host(text: str) -> Key | None:
    """`host`: the first label of a host name, in lower case, such as a DHCP client or NetBIOS tells it."""
    spelled = _composed(text).rstrip(".")
    label = name(spelled.partition(".")[0])
    if not is_said(spelled) or not is_said(label) or len(label) > _LONGEST or _is_numeric(spelled):
        return None
    if address(spelled) is not None or any(letter in label for letter in ' \t/\\:@"<>|'):
        return None
    return Key("host", label) if _is_plain(label) else None


@lru_cache(_MOST_KNOWN)
def domain_host(text: str) -> Key | None:
    """`domainhost`: a host name with its domain; None for a name of one label, or of the domain `local`."""
    spelled = name(_composed(text))
    label, _, domain = spelled.partition(".")
    is_shared = domain in ("", "local", "localdomain", "lan", "home", "workgroup") or "" in domain.split(".")
    if is_shared or len(spelled) > _LONGEST or host(label) is None or _is_numeric(spelled):
        return None
    if address(spelled) is not None or any(letter in spelled for letter in ' \t/\\:@"<>|'):
        return None
    return Key("domainhost", spelled) if _is_plain(spelled) else None


def same(who: str) -> str:
    """The spelling by which `mac:` or `host:` and a value, as rows name a machine, are compared."""
    kind, _, value = who.partition(":")
    found = mac(value) if kind == "mac" else domain_host(value) or host(value)
    return _composed(who).casefold() if found is None else f"{kind}:{found.value}"


def hardware(text: str) -> Key | None:
    """`hardware`: the UUID of SMBIOS, with hyphens; None for a UUID of one repeated digit."""
    found = _UUID.fullmatch(text.strip().lower())
    if found is None or _SAME_DIGIT.fullmatch("".join(found.groups())):
        return None
    return Key("hardware", "-".join(found.groups()))


def agent(text: str) -> Key | None:
    """`agent`: the id that an antivirus gives to a machine, a UUID or at least 16 hexadecimal digits.

    A shorter id, such as a number in a list, would be found at another office as well.
    """
    found = hardware(text)
    if found is not None:
        return Key("agent", found.value)
    spelled = text.strip().lower()
    is_id = re.fullmatch("[0-9a-f]{16,64}", spelled) and not _SAME_DIGIT.fullmatch(spelled)
    return Key("agent", spelled) if is_id else None


def serial(text: str) -> Key | None:
    """`serial`: the maker's number in upper case. It has at least five letters and digits behind its zeros,
    as many an office counts its machines as 0001, 0002."""
    spelled = " ".join(_composed(text).split()).upper()
    plain = "".join(letter for letter in spelled if letter.isalnum()).lstrip("0")
    if not is_said(spelled) or not 5 <= len(plain) <= 64 or _SAME_DIGIT.fullmatch(plain):
        return None
    return None if "1234567890".startswith(plain) else Key("serial", spelled)


def ad_sid(text: str) -> Key | None:
    """`adsid`: the SID of an account in a domain ([MS-DTYP] 2.4.2.4)."""
    spelled = text.strip().upper()
    return Key("adsid", spelled) if _SID.fullmatch(spelled) else None


def duid(text: str) -> Key | None:
    """`duid`: RFC 8415 section 11, as pairs of hexadecimal digits with colons between them."""
    spelled = text.strip().lower()
    if not _HEX.fullmatch(spelled):
        return None
    digits = spelled.replace(":", "")
    if _SAME_DIGIT.fullmatch(digits) or len(digits) > 2 * 130:
        return None
    return Key("duid", ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)))


def user(text: str) -> Key | None:
    """`user`: the name of a person's account, in lower case, without its domain."""
    spelled = _composed(text).rpartition("\\")[2].partition("@")[0].casefold()
    if not is_said(spelled) or len(spelled) > _LONGEST or spelled in ("system", "administrator", "admin"):
        return None
    return Key("user", spelled) if _is_plain(spelled) else None
