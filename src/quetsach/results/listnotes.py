"""Notes on indicator lists, in the language in use: from reading, from guard rails and from overrides."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.indicators.guard import Concern, GuardResult
from quetsach.indicators.guards.overrides import Override
from quetsach.indicators.lists.remark import Remark
from quetsach.indicators.loading import Judged, Lists
from quetsach.results.output import ListNote
from quetsach.text.language import gettext as _
from quetsach.text.problems import explain


def of(lists: Lists) -> list[ListNote]:
    """For each part all entries left out (`reject`, `stop`), then all doubtful entries (`warn`)."""
    return [note for part in lists.parts for note in _of_part(part)]


def _of_part(part: Judged) -> Iterator[ListNote]:
    guarded, found = part.guarded, part.found
    if part.compiled is not None:
        yield from _of_set(guarded, str(part.compiled))
        return
    concerns = (*guarded.stopped, *guarded.warned, *guarded.overridden)
    origins = found.origins_of(one.indicator for one in concerns) if found is not None else {}
    rejects, warnings = (found.rejects, found.warnings) if found is not None else ((), ())
    overrides = str(part.overrides)

    def note(level: str, one: Concern, reason: str) -> ListNote:
        origin = origins.get((one.indicator.kind, one.indicator.value))
        place = (origin.source, origin.line) if origin is not None else ("", 0)
        return ListNote(level, *place, one.indicator.canonical, reason, one.group.value)

    yield from (_remark("reject", one) for one in rejects)
    yield from (note("stop", one, explain(one.reason)) for one in guarded.stopped)
    yield from (_remark("warn", one) for one in warnings)
    yield from (note("warn", one, explain(one.reason)) for one in guarded.warned)
    yield from (note("warn", one, _kept(one, one.override)) for one in guarded.overridden if one.override)
    yield from (ListNote("warn", overrides, 0, one.indicator, _expired(one)) for one in guarded.expired)
    yield from (ListNote("warn", overrides, 0, one.indicator, _early(one)) for one in guarded.early)


def _of_set(guarded: GuardResult, place: str) -> Iterator[ListNote]:
    """The doubtful entries of a compiled set; none is left out, as it was judged when it was made."""
    kept = _("kept as it was compiled, although it %(reason)s")
    for one in guarded.stopped:
        reason = kept % {"reason": explain(one.reason)}
        yield ListNote("warn", place, 0, one.indicator.canonical, reason, one.group.value)
    for one in guarded.warned:
        yield ListNote("warn", place, 0, one.indicator.canonical, explain(one.reason), one.group.value)


def _remark(level: str, remark: Remark) -> ListNote:
    return ListNote(level, remark.source, remark.line, remark.text, explain(remark.reason))


def _kept(concern: Concern, decision: Override) -> str:
    text = _("kept by %(who)s on %(date)s (%(why)s), although it %(reason)s")
    return text % {
        "who": decision.who,
        "date": f"{decision.date:%d/%m/%Y}",
        "why": decision.reason,
        "reason": explain(concern.reason),
    }


def _expired(override: Override) -> str:
    text = _("the exception of %(who)s ended on %(date)s and keeps nothing any more")
    return text % {"who": override.who, "date": f"{override.until:%d/%m/%Y}"}


def _early(override: Override) -> str:
    text = _("the exception of %(who)s is dated %(date)s, in the future, and keeps nothing yet")
    return text % {"who": override.who, "date": f"{override.date:%d/%m/%Y}"}
