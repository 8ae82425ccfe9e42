"""Finds the unit for a written name: abbreviations, missing marks, òa/oà, the place behind the name.

A name that could mean two units is never decided here: it stays open, with its candidates.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quetsach.annexes.collecting.folding import folded, key
from quetsach.text.marks import normalize

_OF_CENTRES = (
    "y te|gdnn|gdtx|giao duc|van hoa|the thao|dich vu|boi duong|chinh tri|truyen thong|phat trien|ky thuat"
    "|hanh chinh|khuyen nong|dan so|bao tro|phuc vu"
)
"""Words behind TT that make it a centre ("trung tâm")."""
_ABBREVIATIONS = (
    (r"\bubnd\b|\buy ban\b(?! nhan dan)", "uy ban nhan dan"),
    (r"\bhdnd\b", "hoi dong nhan dan"),
    # TT is also "trung tâm" and "thông tin"; TTr is "tờ trình" or "thanh tra", never a town.
    (rf"\btt(?= (?:{_OF_CENTRES})\b)", "trung tam"),
    (r"(?:^|(?<=uy ban nhan dan ))tt(?= (?!va\b|tt\b)\w)|\bt tran\b", "thi tran"),
    (r"\bx\b", "xa"),
    (r"\bp\b(?= \w)", "phuong"),
    (r"\bh\b(?= \w)", "huyen"),
    (r"\btp\b", "thanh pho"),
    (r"\bvp\b", "van phong"),
    (r"\bbql\b", "ban quan ly"),
    (r"\btyt\b", "tram y te"),
    (r"\bgd ?(?:va )?dt\b", "giao duc va dao tao"),
    (r"\bld ?tb ?(?:va )?xh\b", "lao dong thuong binh va xa hoi"),
    (r"\btc ?kh\b", "tai chinh ke hoach"),
    (r"\bnn(?= (?:va )?ptnt\b)", "nong nghiep"),
    (r"(?:\bva )?\bptnt\b", "va phat trien nong thon"),
    (r"\btn ?(?:va )?mt\b", "tai nguyen va moi truong"),
    (r"\bvh ?(?:va )?tt\b", "van hoa va thong tin"),
    (r"\bkt ?(?:va )?ht\b", "kinh te va ha tang"),
    (r"\btt ?(?:va )?tt\b", "thong tin va truyen thong"),
    (r"\bthpt\b", "trung hoc pho thong"),
    (r"\bthcs\b", "trung hoc co so"),
    (r"\bth\b", "tieu hoc"),
    (r"\bmn\b", "mam non"),
)
_PATTERNS = tuple((re.compile(pattern), words) for pattern, words in _ABBREVIATIONS)
_OFFICE = re.compile(r"^(?:(?:van phong )?(?:hoi dong nhan dan )?(?:va )?uy ban nhan dan) ")
_PLACE_KINDS = ("thi tran", "dac khu", "thanh pho", "phuong", "huyen", "tinh", "quan", "thi xa", "xa")
_KIND = re.compile(rf"^({'|'.join(_PLACE_KINDS)}) ")
_INNER_KIND = re.compile(rf"(?<= )(?:{'|'.join(_PLACE_KINDS)}) ")
_TOWARDS = re.compile(r"^(?:thuoc |truc thuoc )?(?:huyen|tinh|thanh pho|quan|thi xa)\b")
_HIGHER = ("huyen", "quan", "thi xa", "thanh pho", "tinh")
"""Kinds of places above the commune. A name behind such a word is not that of a commune or a town."""
_BODY = re.compile(
    r"\b(?:truong|mam non|tieu hoc|trung hoc|tram|trung tam|ttyt|benh vien|cong an|thanh tra|ttr|ban chi huy"
    r"|ban quan ly|hat kiem lam|chi cuc|toa an|vien kiem sat|cong ty|hop tac xa|htx|doanh nghiep)\b"
)
"""Words for bodies in a place: a text with one of them does not name the office of the place."""
_SIMILAR = 0.86
_CLEARLY = 0.05
_FEWEST_SQUEEZED = 5


@dataclass(frozen=True, slots=True)
class Unit:
    """An office of the tree.

    `above` are the names of its superiors, from the top; `key` tells it from other units.
    """

    key: str
    name: str
    above: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The name with its superiors, nearest first."""
        return ", ".join((self.name, *reversed(self.above)))


@dataclass(frozen=True, slots=True)
class Match:
    """`unit` None: none, or several `candidates`.

    `doubt` is a code of `messages.toml`, empty when it is certain.
    """

    unit: Unit | None = None
    doubt: str = ""
    candidates: tuple[Unit, ...] = ()


def spelled_out(name: str) -> str:
    """A folded name with its abbreviations written in full."""
    text = key(name.replace("&", " và "))
    for pattern, words in _PATTERNS:
        text = pattern.sub(words, text)
    return " ".join(text.split())


class Directory:
    """The units, by every key of the search."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = tuple(units)
        self._full: defaultdict[str, list[Unit]] = defaultdict(list)
        self._core: defaultdict[str, list[Unit]] = defaultdict(list)
        self._bare: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in self.units:
            for name in dict.fromkeys((unit.name, *unit.aliases)):
                for known in dict.fromkeys((spelled_out(name), _without_office(spelled_out(name)))):
                    # "Văn phòng HĐND-UBND huyện" without the office is "huyện", which is no name.
                    if known not in _PLACE_KINDS:
                        _put(self._full[known], unit)
                if (core := _core(spelled_out(name))) != _without_office(spelled_out(name)):
                    _put(self._core[core], unit)
                _put(self._bare[_bare(core)], unit)
        above = {_without_office(spelled_out(name)) for unit in self.units for name in unit.above}
        self._superiors = above - self._full.keys()

    def match(self, name: str) -> Match:
        """The unit that a written name means."""
        full = spelled_out(name)
        if not full:
            return Match(doubt="unit_blank")
        own = _without_office(full)
        for text in dict.fromkeys((full, own)):
            if hits := self._full.get(text):
                return self._decide(name, hits)
        if own in self._superiors:
            return Match(doubt="unit_superior")
        if hits := self._with_place(full) or self._with_place(own):
            return self._decide(name, hits)
        kind = _KIND.match(own)
        core = _core(own)
        is_higher = kind is not None and kind[1] in _HIGHER
        if hits := [] if is_higher else self._core.get(core, []):
            return self._decide(name, hits, doubt="unit_kind" if kind else "")
        if hits := self._without_kind_of_place(core):
            return self._decide(name, hits)
        return self._similar(own)

    def _without_kind_of_place(self, core: str) -> list[Unit]:
        """`truong mam non ban lang` for `truong mam non xa ban lang`, but never a wrong kind of place."""
        return self._bare.get(core, []) if core == _bare(core) else []

    def inside(self, text: str) -> Match:
        """The unit whose name is part of a text, such as a file's name or a letter's head."""
        words = f" {spelled_out(_words_apart(normalize('NFC', text)))} "
        squeezed = key(text).replace(" ", "")
        best: dict[int, list[Unit]] = defaultdict(list)
        for index in (self._full, self._core):
            for known, units in index.items():
                is_there = bool(known) and _stands_in(words, f" {known} ", index is self._core)
                if not is_there and len(known) >= _FEWEST_SQUEEZED:
                    is_there = _stands_in(squeezed, known.replace(" ", ""), index is self._core)
                if is_there:
                    for unit in units:
                        if not _names_other_body(words, unit):
                            _put(best[len(known)], unit)
        best = {size: units for size, units in best.items() if units}
        if not best:
            return Match()
        hits = best[max(best)]
        return Match(hits[0]) if len(hits) == 1 else Match(doubt="unit_several", candidates=tuple(hits))

    def _with_place(self, own: str) -> list[Unit]:
        """`xa muong so huyen phong tho`: a known name, followed only by names of that unit's superiors."""
        words = own.split()
        for size in range(len(words) - 1, 0, -1):
            start, rest = " ".join(words[:size]), words[size:]
            hits = self._full.get(start) or self._core.get(start) or []
            if not hits:
                continue
            placed = [unit for unit in hits if _is_placed(rest, unit)]
            if placed or _TOWARDS.match(" ".join(rest)):
                return placed or [unit for unit in hits if not unit.above]
        return []

    def _decide(self, name: str, hits: Sequence[Unit], doubt: str = "") -> Match:
        agreeing = [unit for unit in hits if _marks_agree(name, unit)]
        if len(agreeing) == 1:
            return Match(agreeing[0], doubt)
        if len(agreeing) > 1:
            return Match(doubt="unit_several", candidates=tuple(agreeing))
        if len(hits) == 1:
            return Match(hits[0], "unit_marks", tuple(hits))
        return Match(doubt="unit_several", candidates=tuple(hits))

    def _similar(self, own: str) -> Match:
        if len(own) < 4:
            return Match(doubt="unit_unknown")
        ranked: dict[str, tuple[float, Unit]] = {}
        matcher = difflib.SequenceMatcher(None, "", own)
        for known, units in self._full.items():
            matcher.set_seq1(known)
            # The two quick bounds save the exact ratio for nearly all of ten thousand names.
            if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
                continue
            score = matcher.ratio()
            for unit in units:
                if score > ranked.get(unit.key, (0.0, unit))[0]:
                    ranked[unit.key] = score, unit
        close = [one for one in ranked.values() if one[0] >= _SIMILAR]
        best = sorted(close, key=lambda one: (-one[0], one[1].path))
        if not best:
            return self._shortened(own)
        is_clear = len(best) == 1 or best[0][0] - best[1][0] >= _CLEARLY
        if is_clear and _numbers(own) == _numbers(spelled_out(best[0][1].name)):
            return Match(best[0][1], "unit_similar", (best[0][1],))
        return Match(doubt="unit_several", candidates=tuple(unit for _score, unit in best[:5]))

    def _shortened(self, own: str) -> Match:
        """`truong hoa binh` for `truong thcs hoa binh`: the unit's name holds all its words in their
        order."""
        words = own.split()
        hits = [
            unit for unit in self.units if len(words) > 1 and _in_order(words, spelled_out(unit.name).split())
        ]
        if len(hits) == 1 and _numbers(own) == _numbers(spelled_out(hits[0].name)):
            return Match(hits[0], "unit_similar", tuple(hits))
        return Match(doubt="unit_several" if hits else "unit_unknown", candidates=tuple(hits[:5]))


def _words_apart(text: str) -> str:
    """`MuongSo` as two words; a word in capitals stays whole."""
    pairs = zip(text, f"{text[1:]} ", strict=False)
    return "".join(f"{char} " if char.islower() and after.isupper() else char for char, after in pairs)


def _stands_in(text: str, known: str, is_core: bool) -> bool:
    """Whether a text holds the name: "phuong12" does not name Phường 1, and a bare name behind a higher kind
    of place is another one: "huyen phong tho" does not name Thị trấn Phong Thổ."""
    if known not in text:
        return False
    before = "".join(f"(?<!{kind.replace(' ', '') if known[0] != ' ' else kind})" for kind in _HIGHER)
    behind = "(?![0-9])" if known[-1].isdigit() else ""
    return bool(re.search(f"{before if is_core else ''}{re.escape(known)}{behind}", text))


def _names_other_body(words: str, unit: Unit) -> bool:
    """Whether the text names a body in the unit's place, such as a school, and not the office itself."""
    name = spelled_out(unit.name)
    if not _KIND.match(_without_office(name)):
        return False
    return any(f" {word} " not in f" {name} " for word in _BODY.findall(words))


def _numbers(name: str) -> list[int]:
    """The numbers in a name: Phường 1 and Phường 12 differ in one character, but are two units."""
    return sorted(int(one) for one in re.findall("[0-9]+", name))


def _in_order(words: Sequence[str], among: Sequence[str]) -> bool:
    left = iter(among)
    return all(word in left for word in words)


def _put(units: list[Unit], unit: Unit) -> None:
    if unit not in units:
        units.append(unit)


def _without_office(full: str) -> str:
    return _OFFICE.sub("", full) or full


def _core(full: str) -> str:
    return _KIND.sub("", _without_office(full))


def _bare(core: str) -> str:
    """A name without the kinds of the places in it."""
    return _INNER_KIND.sub("", core)


def _is_placed(rest: Sequence[str], unit: Unit) -> bool:
    """Whether the words behind a name are those of the unit's superiors."""
    places = f" {' '.join(rest)} "
    is_named = any(f" {_core(spelled_out(name))} " in places for name in unit.above)
    return set(rest) <= _place_words(unit) or (is_named and bool(_TOWARDS.match(places.strip())))


def _place_words(unit: Unit) -> set[str]:
    known = {
        "thuoc",
        "truc",
        "huyen",
        "tinh",
        "thanh",
        "pho",
        "quan",
        "thi",
        "xa",
        "uy",
        "ban",
        "nhan",
        "dan",
    }
    return known.union(*(spelled_out(name).split() for name in unit.above))


def _marks_agree(written: str, unit: Unit) -> bool:
    """Whether the marks of every word agree with the unit's name.

    A text without any marks agrees.
    """
    mine, theirs = _marked(written), _marked(" ".join((unit.name, *unit.aliases)))
    if all(plain in forms and len(forms) == 1 for plain, forms in mine.items()):
        return True
    return all(forms & theirs[plain] for plain, forms in mine.items() if plain in theirs)


def _marked(text: str) -> dict[str, set[str]]:
    """For each word without marks: its spellings, with the tone moved behind it (òa and oà are equal)."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for word in re.findall(r"\w+", normalize("NFC", text).lower()):
        parts = normalize("NFD", word)
        tones = "".join(char for char in parts if char in "\u0300\u0301\u0303\u0309\u0323")
        letters = normalize("NFC", "".join(char for char in parts if char not in tones))
        found[folded(normalize("NFC", word))].add(letters + tones)
    return found
