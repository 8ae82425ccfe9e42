"""What was odd about indicator lists, as notes in the language in use: read, judged and decided upon."""

from __future__ import annotations

from pathlib import Path

from quetsach.feed import FeedResult
from quetsach.feeds.remark import Remark
from quetsach.guard import Concern, GuardResult
from quetsach.guards.overrides import Override
from quetsach.language import gettext as _
from quetsach.output import ListNote
from quetsach.outputs.problems import explain


def of(
    guarded: GuardResult, found: FeedResult | None = None, exceptions: Path | None = None
) -> list[ListNote]:
    """All that is left out (`reject`, `stop`), then all that is doubtful (`warn`).

    `found` is what the lists gave, None for values that stood in no list; `exceptions` is the file of the
    overrides.
    """
    concerns = (*guarded.stopped, *guarded.warned, *guarded.overridden)
    origins = found.origins_of(one.indicator for one in concerns) if found is not None else {}
    rejects, warnings = (found.rejects, found.warnings) if found is not None else ((), ())

    def note(level: str, one: Concern, reason: str) -> ListNote:
        origin = origins.get((one.indicator.kind, one.indicator.value))
        place = (origin.source, origin.line) if origin is not None else ("", 0)
        return ListNote(level, *place, one.indicator.canonical, reason)

    return [
        *(_remark("reject", one) for one in rejects),
        *(note("stop", one, explain(one.reason)) for one in guarded.stopped),
        *(_remark("warn", one) for one in warnings),
        *(note("warn", one, explain(one.reason)) for one in guarded.warned),
        *(note("warn", one, _kept(one, one.override)) for one in guarded.overridden if one.override),
        *(ListNote("warn", str(exceptions), 0, one.indicator, _expired(one)) for one in guarded.expired),
        *(ListNote("warn", str(exceptions), 0, one.indicator, _early(one)) for one in guarded.early),
    ]


def of_set(guarded: GuardResult, path: Path) -> list[ListNote]:
    """What is doubtful in a compiled set, of which nothing is left out: it was judged when it was made."""
    kept = _("kept as it was compiled, although it %(reason)s")
    return [
        *(
            ListNote("warn", str(path), 0, one.indicator.canonical, kept % {"reason": explain(one.reason)})
            for one in guarded.stopped
        ),
        *(
            ListNote("warn", str(path), 0, one.indicator.canonical, explain(one.reason))
            for one in guarded.warned
        ),
    ]


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
    text = _("the exception of %(who)s is dated %(date)s, which is to come, and keeps nothing yet")
    return text % {"who": override.who, "date": f"{override.date:%d/%m/%Y}"}
