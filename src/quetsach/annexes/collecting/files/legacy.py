"""Vietnamese from before Unicode: bytes of TCVN3 (ABC) and VNI fonts, read as Western letters.

`§¬n vÞ` in an .Vn font is "Đơn vị"; so is `Ñôn vò` in a VNI font. Tables: TCVN 5712:1993 (VN3) for the
first, the layout of the VNI-Windows fonts for the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from quetsach.text.marks import normalize

TCVN3, VNI = "tcvn3", "vni"
_FEWEST = 0.8
"""Share of the words with foreign letters that must become Vietnamese syllables."""

# Codes A1-AE, then B5-FE; a blank where the fonts have no letter of their own.
_FROM_A1 = "ĂÂÊÔƠƯĐăâêôơưđ"
_FROM_B5 = "àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ"
_TCVN3_TABLE = {
    **{0xA1 + at: letter for at, letter in enumerate(_FROM_A1)},
    **{0xB5 + at: letter for at, letter in enumerate(_FROM_B5) if letter != " "},
}

_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_HATS = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_BREVES = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_SINGLE = {"æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "î": "ỵ", "ñ": "đ"}


def _vni_pairs() -> dict[str, str]:
    pairs = {
        **{base + sign: base + tone for base in "aeouy" for sign, tone in _TONES.items()},
        **{"ô" + sign: "ơ" + tone for sign, tone in _TONES.items()},
        **{"ö" + sign: "ư" + tone for sign, tone in _TONES.items()},
        **{base + sign: base + "\u0302" + tone for base in "aeo" for sign, tone in _HATS.items()},
        **{"a" + sign: "a\u0306" + tone for sign, tone in _BREVES.items()},
        **_SINGLE,
    }
    small = {source: normalize("NFC", target) for source, target in pairs.items()}
    titles = {s[0].upper() + s[1:]: t[0].upper() + t[1:] for s, t in small.items()}
    return {**small, **titles, **{s.upper(): t.upper() for s, t in small.items()}}


_VNI_TABLE = _vni_pairs()
_VNI_SIGN = re.compile("|".join(sorted(map(re.escape, _VNI_TABLE), key=len, reverse=True)))

_FOREIGN = re.compile("[\xa1-\xff]")
_UNICODE_ONLY = re.compile("[\u0102-\u01b0\u0300-\u0323\u1ea0-\u1ef9]")
_NUCLEI = (
    "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây", "eo",
    "êu", "ia", "iê", "iu", "oa", "oă", "oe", "oi", "ôi", "ơi", "ua", "uâ", "uê", "ui", "uô", "uơ", "uy",
    "ưa", "ươ", "ưi", "ưu", "iêu", "oai", "oao", "oay", "oeo", "uây", "uôi", "uyê", "uya", "uyu", "ươi",
    "ươu", "yê", "yêu", "uêu",
)  # fmt: skip
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    rf"(?:{'|'.join(sorted(_NUCLEI, key=len, reverse=True))})(?:ng|nh|ch|[cmnpt])?"
)
_LETTER = re.compile("[a-zđàảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ]+")


def decode(text: str, encoding: str) -> str:
    """Unicode (NFC) for a text in that encoding. Other letters stay as they are."""
    if encoding == TCVN3:
        return text.translate(_TCVN3_TABLE)
    return _VNI_SIGN.sub(lambda sign: _VNI_TABLE[sign[0]], text)


def of_font(name: str) -> str:
    """The encoding that a font's name shows (`.VnTime`, `VNI-Times`); empty for Unicode fonts."""
    folded = name.casefold()
    return TCVN3 if folded.startswith(".vn") else VNI if folded.startswith("vni") else ""


def detect(texts: Iterable[str]) -> str:
    """TCVN3, VNI or empty: the encoding that turns the words with Western letters into Vietnamese syllables,
    if it does so clearly better than no decoding."""
    words = [
        word
        for text in texts
        if not _UNICODE_ONLY.search(text)
        for word in text.split()
        if _FOREIGN.search(word) and not re.search("[0-9]", word)
    ][:2000]
    if not words:
        return ""
    as_is = _share(words)
    shares = {encoding: _share([decode(word, encoding) for word in words]) for encoding in (TCVN3, VNI)}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= _FEWEST and shares[best] > as_is else ""


def repaired(text: str, encoding: str) -> str:
    """`text` decoded, if it has letters of that encoding and no letter that only Unicode has."""
    if not encoding or _UNICODE_ONLY.search(text) or not _FOREIGN.search(text):
        return text
    return decode(text, encoding)


def _share(words: list[str]) -> float:
    return sum(map(_is_vietnamese, words)) / len(words)


def _is_vietnamese(word: str) -> bool:
    parts = re.findall(r"[^\W\d_]+|[\xa1-\xff]+", word)
    return bool(parts) and all(_is_syllable(part) for part in parts)


def _is_syllable(word: str) -> bool:
    if not _LETTER.fullmatch(normalize("NFC", word).lower()):
        return False
    # One tone at most, and no tone but sharp or heavy before a stop.
    plain = normalize("NFD", word.casefold())
    tones = [char for char in plain if char in "\u0300\u0301\u0303\u0309\u0323"]
    base = normalize("NFC", "".join(char for char in plain if char not in tones))
    if len(tones) > 1 or not _SYLLABLE.fullmatch(base):
        return False
    return not (base[-1:] in {"c", "p", "t"} and tones and tones[0] not in "\u0301\u0323")
