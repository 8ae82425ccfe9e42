"""Several annexes of one unit: the annex that counts, and a reason for each of the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from quetsach.annexes.collecting.folding import folded, key
from quetsach.annexes.collecting.period import is_earlier
from quetsach.annexes.collecting.readings import Reading, base_of, with_doubt
from quetsach.text.vietnamese import nfc

_REVISED = re.compile(r"\b(?:sua|chinh sua|dinh chinh|bo sung|thay the|cap nhat|chot|final|moi)\b")
_NUMBERED = re.compile(r"\b(?:lan|ban|v|ver)\s*(\d{1,2})\b|\((\d{1,2})\)")
_REPLACES = re.compile(
    r"\b(?:thay the (?:cho )?(?:bao cao|phu luc|van ban|cong van|so lieu|ban)|dinh chinh|bao cao lai)\b"
)
"""Words in the annex or above it that say that it replaces another."""
_GUESSED = frozenset(
    (
        "unit_from_file",
        "unit_from_file_blank",
        "unit_from_head",
        "unit_from_head_blank",
        "unit_kind",
        "unit_marks",
        "unit_similar",
    )
)


def is_guessed(one: Reading) -> bool:
    """Whether the unit is a guess: the annex does not name it with certainty."""
    return any(doubt.code in _GUESSED for doubt in one.doubts_of("unit"))


def newest(group: Sequence[Reading], *, is_in_order: bool = False) -> tuple[Reading, list[Reading]]:
    """The reading of a unit that counts, and the others with the reason why they do not count.

    Of equal annexes the first one counts where the group is in the order of arrival: a copy that comes later
    under another name takes nobody's place.
    """
    versions: dict[object, list[Reading]] = {}
    for one in group:
        versions.setdefault(content_of(one), []).append(one)
    prefer: Callable[[Reading], tuple[object, ...]] = _certainty if is_in_order else _preference
    ranked = [min(same, key=prefer) for same in versions.values()]
    now = [one for one in ranked if not is_earlier(one)] or ranked
    latest, is_sure = _latest(now)
    others: list[Reading] = []
    told = latest
    for same in versions.values():
        for one in same:
            if one is latest:
                continue
            is_copy = content_of(one) == content_of(latest)
            is_older = _beats(latest, one, is_sure=is_sure) == "newer_version"
            code = "duplicate" if is_copy else "older" if is_older else "other_figures"
            others.append(with_doubt(one, code, file=latest.label))
    for one in ranked:
        if one is not latest:
            told = with_doubt(told, _beats(latest, one, is_sure=is_sure), file=one.label)
    return told, others


def _beats(latest: Reading, other: Reading, *, is_sure: bool) -> str:
    """How sure it is that the latest version takes the place of the other. Time alone proves nothing: a file
    may be saved again without a change, or hold something else."""
    if is_earlier(other) and not is_earlier(latest):
        return "newer_version"
    if not is_sure:
        return "version_unsure"
    return "newer_version" if _says_that_it_replaces(latest) else "newer_by_time"


def _says_that_it_replaces(one: Reading) -> bool:
    """Whether the file's name or the annex says that it replaces an earlier one."""
    small = _words(base_of(one.file))
    numbers = [int(number) for number, _copy in _NUMBERED.findall(small) if number]
    if _REVISED.search(small) or max(numbers, default=0) > 1:
        return True
    return bool(_REPLACES.search(key(" ".join((*one.annex.heads, one.annex.assessment)))))


def _certainty(one: Reading) -> tuple[bool, int]:
    return is_guessed(one), len(one.doubts)


def _preference(one: Reading) -> tuple[bool, int, int, str, int]:
    """The sort key of copies: a certain unit and few doubts first, and the plain name before "name (1)"."""
    return *_certainty(one), len(one.file), one.file, one.part


def _latest(ranked: Sequence[Reading]) -> tuple[Reading, bool]:
    """The latest of different versions, and whether file times and names agree on it."""
    if len(ranked) == 1:
        return ranked[0], True
    times = [one.saved for one in ranked]
    if None in times or len(set(times)) < len(times):
        times = [one.changed for one in ranked]
    known = [at for at in times if at is not None]
    by_time = None
    if len(known) == len(ranked) and known.count(max(known)) == 1:
        by_time = ranked[known.index(max(known))]
    ranks = [_revision(base_of(one.file)) for one in ranked]
    by_name = ranked[ranks.index(max(ranks))] if ranks.count(max(ranks)) == 1 else None
    if by_time is not None:
        return by_time, by_name in (None, by_time)
    return (by_name, True) if by_name is not None else (ranked[-1], False)


def _revision(name: str) -> int:
    """The version number in its name: "(2)", "lần 3", "_sửa"; 0 when the name has none."""
    small = _words(name)
    numbers = [int(a or b) for a, b in _NUMBERED.findall(small)]
    return max([2 if _REVISED.search(small) else 0, *numbers])


def _words(name: str) -> str:
    return folded(nfc(name)).replace("_", " ").replace("-", " ")


def content_of(one: Reading) -> object:
    """Equal for two annexes with the same figures and texts."""
    return tuple(one.values.items()), key(one.annex.assessment), key(one.annex.proposals)
