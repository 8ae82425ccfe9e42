"""One self-contained HTML page: machines first, evidence folded away, no script, nothing loaded.

Every text passes through `_t`. The page's policy also forbids scripts and forms, in case a text slips past
it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from quetsach.results import answers, hours, spans, summary
from quetsach.results.machines import Machine, by_machine
from quetsach.results.output import Report
from quetsach.sightings import asked
from quetsach.sightings.hours import spelled
from quetsach.sightings.sighting import Coverage, Sighting
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.text.page import marked, opening
from quetsach.text.problems import explain

MOST_MACHINES = 2_000
MOST_PROOFS = 10
MOST_RUNS = 20
MOST_LOGS = 2_000
MOST_DAYS = 400
MOST_UNATTRIBUTED = 2_000
MOST_SEEN = 14
MOST_SILENT = 50
_STATES = {
    "allowed": ("is-bad", "triangle"),
    "blocked": ("is-busy", "ring"),
    "attempt": ("is-busy", "arrow"),
    "unknown": ("is-unsure", "hatch"),
}
_ANSWERS = {True: ("is-none", "tick"), False: ("is-none", "ring")}


def write(out: BinaryIO, report: Report) -> None:
    """Write the page; it reports rows left out beyond `MOST_MACHINES`, `MOST_LOGS` or `MOST_PROOFS` a
    machine."""
    for part in _page(report):
        out.write(part.encode("utf-8", "backslashreplace"))


def _t(text: object) -> str:
    return html.escape(words.visible(str(text)))


def _state(action: str) -> str:
    return marked(*_STATES[action], _t(words.action(action)))


def _page(report: Report) -> Iterator[str]:
    result = report.result
    machines = by_machine(result.sightings, report.paths, MOST_PROOFS, report.doubts)
    found = summary.figures(report, machines)
    answer = " ".join((summary.verdict(found), *summary.without_machine(found)))
    if found.around:
        answer += " " + summary.around(found)
    if found.lines:
        answer += " " + summary.looked_at(found, report)
    yield opening(_t(_("Result of the log scan")), _t(result.scan.source_name))
    yield (
        f'<div class="ask"><h1>{_t(_("Which machines called malicious addresses?"))}</h1>'
        f'<p class="answer">{_t(answer)}</p></div>\n'
    )
    if report.result.slow_because:
        yield f'<p class="note is-unsure">{_t(summary.slow(report.result.slow_because))}</p>\n'
    yield from _problems(report)
    yield _figures(found)
    if machines:
        yield from _machines(machines, report)
    elif found.lines and not found.not_understood and not found.problems:
        limits = _("This says nothing about other days, other logs or machines that were off.")
        yield (
            f'<section class="note is-none"><h2>{_t(_("Nothing seen"))}</h2><p>{_t(limits)}</p></section>\n'
        )
    yield from _around(found, report)
    yield from _unattributed(found, report)
    yield from _asked(report)
    yield from _coverage(report)
    yield from _hours(report)
    yield from _remarks(summary.remarks(found, report), report)
    yield "</main>\n" + _foot(report) + "</body>\n</html>\n"


def _problems(report: Report) -> Iterator[str]:
    result = report.result
    if result.is_interrupted:
        yield (
            f'<section class="note is-unsure"><h2>{_t(_("The scan was interrupted"))}</h2>'
            f"<p>{_t(_('What follows is only a part; scan again for the whole.'))}</p></section>\n"
        )
    errors = result.errors
    if not errors:
        return
    heading = ngettext(
        "%(n)s problem: not everything could be read",
        "%(n)s problems: not everything could be read",
        len(errors),
    )
    yield f'<section class="note is-unsure"><h2>{_t(heading % {"n": words.number(len(errors))})}</h2><ul>'
    for path, error in errors[:50]:
        yield f"<li><code>{_t(path)}</code>: {_t(explain(error, path))}</li>"
    yield "</ul>"
    if len(errors) > 50:
        yield f"<p>{_t(_('and %(n)s more') % {'n': words.number(len(errors) - 50)})}</p>"
    yield f"<p>{_t(_('The other files were still processed.'))}</p></section>\n"


def _figures(found: summary.Figures) -> str:
    pairs = (
        (_("Machines"), found.machines),
        (_("Malicious addresses seen"), found.indicators),
        (_("Lines not understood"), found.not_understood),
        (_("Lines that name no machine"), found.nameless),
        (_("Machines that go around"), found.around),
    )
    cells = "".join(
        f"<div><dt>{_t(name)}</dt><dd>{_t(words.number(value))}</dd></div>" for name, value in pairs
    )
    return f'<dl class="figures">{cells}</dl>\n'


def _head(titles: tuple[str, ...], figures: frozenset[int]) -> str:
    cells = "".join(
        f'<th scope="col"{" class=num" if at in figures else ""}>{_t(title)}</th>'
        for at, title in enumerate(titles)
    )
    return f"<thead><tr>{cells}</tr></thead>"


def _machines(machines: list[Machine], report: Report) -> Iterator[str]:
    titles = (_("Machine"), _("Malware, malicious addresses"), _("Lines"), _("Seen"), _("Outcome"))
    caption = _("Those that got through come first, doubtful ones last. Times are %(zone)s.") % {
        "zone": words.zone_name(report.zone)
    }
    yield f'<section><h2>{_t(_("Machines"))}</h2><table class="stack"><caption>{_t(caption)}</caption>'
    yield _head(titles, frozenset({2})) + "<tbody>\n"
    for machine in machines[:MOST_MACHINES]:
        also = summary.also_known(machine)
        known = f'<br><span class="muted">{_t(also)}</span>' if also else ""
        named = ", ".join(
            f"<code>{_t(words.defanged(one))}</code>" for one, _count in machine.indicators.most_common(3)
        )
        more = len(machine.indicators) - 3
        if more > 0:
            named += " " + _t(_("and %(n)s more") % {"n": words.number(more)})
        families = summary.families(machine)
        malware = f"<b>{_t(families)}</b><br>" if families else ""
        seen = words.span(machine.first, machine.last, report.zone)
        yield (
            f'<tr class="has-more"><th scope="row">{_t(summary.name(machine))}{known}</th>'
            f'<td data-label="{_t(titles[1])}">{malware}{named}</td>'
            f'<td class="num" data-label="{_t(titles[2])}">{_t(words.number(machine.count))}</td>'
            f'<td data-label="{_t(titles[3])}">{_t(seen)}</td>'
            f'<td data-label="{_t(titles[4])}">{_state(machine.action)}{_doubt(machine)}</td></tr>\n'
        )
        yield from _proofs(machine, report)
    yield "</tbody></table>"
    hidden = len(machines) - MOST_MACHINES
    if hidden > 0:
        text = _("%(n)s more machines do not fit this page; the .xlsx and .jsonl files hold them all.")
        yield f"<p>{_t(text % {'n': words.number(hidden)})}</p>"
    yield "</section>\n"


def _doubt(machine: Machine) -> str:
    if not machine.is_doubtful:
        return ""
    return f'<br><span class="muted">{_t(_("doubtful, see below"))}</span>'


def _proofs(machine: Machine, report: Report) -> Iterator[str]:
    label = _("Evidence")
    yield f'<tr class="more"><td colspan="5"><details><summary>{_t(label)}</summary><ul class="proof">'
    for row in machine.rows:
        yield _proof(row, report)
    hidden = machine.total - len(machine.rows)
    if hidden:
        text = _("%(n)s more are not shown; the .xlsx and .jsonl files hold them all.")
        yield f"<li>{_t(text % {'n': words.number(hidden)})}</li>"
    yield "</ul></details></td></tr>\n"


def _proof(row: Sighting, report: Report) -> str:
    seen = "" if row.matched == row.indicator else f" ({_t(words.defanged(row.matched))})"
    facts: tuple[str, ...] = (
        words.kind(row.kind),
        words.field(row.field),
        words.action(row.action),
        words.lines(row.count),
        words.span(row.first_seen, row.last_seen, report.zone),
        f"{report.paths.get(row.source, '')} ({words.logformat(row.logformat)})",
    )
    if len(row.runs) > 1:
        facts += (_("in runs: %(runs)s") % {"runs": spans.spelled(row, report.zone, MOST_RUNS)},)
    if row.who:
        facts = (_("told apart by %(who)s") % {"who": row.who}, *facts)
    family = f" <b>{_t(row.family)}</b>" if row.family else ""
    return (
        f"<li><code>{_t(words.defanged(row.indicator))}</code>{seen}{family}"
        f'<br><span class="muted">{_t(" · ".join(facts))}</span>'
        f'<span class="raw">{_t(row.evidence)}</span></li>\n'
    )


def _around(found: summary.Figures, report: Report) -> Iterator[str]:
    """The machines whose calls these logs do not show, and how they go around."""
    machines = report.result.bypasses.machines
    if not machines:
        return
    heading = _("Machines that go around the place that wrote these logs")
    advice = _(
        "They asked for a foreign resolver, a VPN or a proxy, also where it was refused. This is no sign of"
        " infection: it means that what they call may be missing here. Look at their logs elsewhere, or close"
        " the way and scan again."
    )
    titles = (_("Machine"), _("By which way"), _("Lines"), _("Seen"))
    yield f'<section><h2>{_t(heading)}</h2><p>{_t(advice)}</p><table class="stack">'
    yield _head(titles, frozenset({2})) + "<tbody>\n"
    for machine in machines[:MOST_MACHINES]:
        also = " · ".join(value for value in machine.identity.values() if value != machine.device)
        known = f'<br><span class="muted">{_t(also)}</span>' if also else ""
        seen = words.span(machine.first, machine.last, report.zone)
        yield (
            f'<tr><th scope="row">{_t(machine.device)}{known}</th>'
            f'<td data-label="{_t(titles[1])}">{_t(summary.ways(machine, 6))}</td>'
            f'<td class="num" data-label="{_t(titles[2])}">{_t(words.number(machine.lines))}</td>'
            f'<td data-label="{_t(titles[3])}">{_t(seen)}</td></tr>\n'
        )
    yield "</tbody></table>"
    if more := found.around - len(machines[:MOST_MACHINES]):
        text = _("%(n)s more machines do not fit this page; the .xlsx and .jsonl files hold them all.")
        yield f"<p>{_t(text % {'n': words.number(more)})}</p>"
    yield "</section>\n"


def _unattributed(found: summary.Figures, report: Report) -> Iterator[str]:
    """The lines that no log format reads, for a person to read."""
    if not found.not_understood:
        return
    heading = _("Lines that name an address on the list and that no log format reads")
    advice = _(
        "A machine may be behind each line. Read which machine it was, and look at its own logs. These lines"
        " are in no row above."
    )
    yield f'<section><h2>{_t(heading)}</h2><p>{_t(advice)}</p><ul class="proof">'
    shown = 0
    for one in report.result.coverage:
        lines = one.unattributed[: MOST_UNATTRIBUTED - shown]
        shown += len(lines)
        if lines:
            raw = "".join(f'<span class="raw">{_t(line)}</span>' for line in lines)
            yield f'<li><span class="muted">{_t(one.path)}</span>{raw}</li>\n'
    if more := found.not_understood - shown:
        text = ngettext(
            "%(n)s more line is counted and not kept: the table below says in which log.",
            "%(n)s more lines are counted and not kept: the table below says in which log.",
            more,
        )
        yield f"<li>{_t(text % {'n': words.number(more)})}</li>"
    yield "</ul></section>\n"


def _asked(report: Report) -> Iterator[str]:
    """Which of the machines that the scan was asked about were seen, and when."""
    if not asked.machines(report.result.scan.asked):
        return
    found = answers.of(report)
    titles = (_("Machine"), _("Was it seen?"), _("Hours in which a line names it"))
    note = _(
        "Not seen: in the hours with lines, no line that was read names it. That does not show that it is"
        " clean, or that it was off."
    )
    yield f"<section><h2>{_t(_('Machines asked about'))}</h2><p>{_t(answers.sentence(found))}</p>"
    yield f'<table class="stack"><caption>{_t(note)}</caption>' + _head(titles, frozenset()) + "<tbody>\n"
    for machine in found.machines[:MOST_MACHINES]:
        state = marked(*_ANSWERS[machine.is_seen], _t(answers.state(machine, found)))
        seen = "<br>".join(map(_t, answers.spelled(machine, MOST_SEEN))) or "–"
        yield (
            f'<tr><th scope="row">{_t(machine.name)}</th><td data-label="{_t(titles[1])}">{state}</td>'
            f'<td data-label="{_t(titles[2])}">{seen}</td></tr>\n'
        )
    yield "</tbody></table>"
    if (more := len(found.machines) - MOST_MACHINES) > 0:
        text = _("%(n)s more machines do not fit this page; the .xlsx and .jsonl files hold them all.")
        yield f"<p>{_t(text % {'n': words.number(more)})}</p>"
    if found.silent:
        yield f"</section>\n<section><h2>{_t(_('Logs that could not be asked about machines'))}</h2><ul>"
        for path, why in found.silent[:MOST_SILENT]:
            yield f"<li><code>{_t(path)}</code>: {_t(why)}</li>"
        if (more := len(found.silent) - MOST_SILENT) > 0:
            yield f"<li>{_t(_('and %(n)s more') % {'n': words.number(more)})}</li>"
        yield "</ul>"
    yield "</section>\n"


def _coverage(report: Report) -> Iterator[str]:
    seen = report.result.coverage
    titles = (_("Log file"), _("Looked at"), _("Lines"), _("Size"), _("To note"))
    yield f'<section><h2>{_t(_("What was looked at"))}</h2><table class="stack">'
    if report.formats:
        known = ", ".join(
            f"{words.logformat(name)} ({words.files(count)})"
            for name, count in sorted(report.formats.items())
        )
        yield f"<caption>{_t(_('Recognised: %(formats)s.') % {'formats': known})}</caption>"
    yield _head(titles, frozenset({2, 3})) + "<tbody>\n"
    for one in seen[:MOST_LOGS]:
        span = words.span(one.first, one.last, report.zone) if one.lines else _("could not be read")
        yield (
            f'<tr><th scope="row">{_t(one.path)}</th><td data-label="{_t(titles[1])}">{_t(span)}</td>'
            f'<td class="num" data-label="{_t(titles[2])}">{_t(words.number(one.lines))}</td>'
            f'<td class="num" data-label="{_t(titles[3])}">{_t(words.size(one.bytes))}</td>'
            f'<td data-label="{_t(titles[4])}">{_t("; ".join(_to_note(one)))}</td></tr>\n'
        )
    yield "</tbody></table>"
    if len(seen) > MOST_LOGS:
        yield f"<p>{_t(_('and %(n)s more') % {'n': words.number(len(seen) - MOST_LOGS)})}</p>"
    yield "</section>\n"


def _hours(report: Report) -> Iterator[str]:
    """In which hours of each local day the logs have lines: a gap is time in which nobody looked."""
    days = hours.by_local_day(report.result.coverage, report.zone)
    if not days:
        return
    titles = (_("Day"), _("Hours with lines"), _("Lines"))
    note = _("An hour without lines is an hour in which nothing could be seen.")
    yield f'<section><h2>{_t(_("Hours with lines"))}</h2><table class="stack">'
    yield f"<caption>{_t(note)}</caption>" + _head(titles, frozenset({2})) + "<tbody>\n"
    for day, counts in list(days.items())[-MOST_DAYS:]:
        yield (
            f'<tr><th scope="row">{day:%d/%m/%Y}</th>'
            f'<td data-label="{_t(titles[1])}">{_t(spelled(counts))}</td>'
            f'<td class="num" data-label="{_t(titles[2])}">{_t(words.number(sum(counts)))}</td></tr>\n'
        )
    yield "</tbody></table>"
    if len(days) > MOST_DAYS:
        more = _("%(n)s earlier days stand in the .xlsx and .jsonl files.")
        yield f"<p>{_t(more % {'n': words.number(len(days) - MOST_DAYS)})}</p>"
    yield "</section>\n"


def _to_note(seen: Coverage) -> Iterator[str]:
    note = words.time_note(seen.time)
    if note and seen.lines:
        yield note
    if seen.not_understood:
        yield _("%(n)s without a machine, not understood") % {"n": words.lines(seen.not_understood)}
    if seen.order == "broken":
        yield _("its lines are not in the order of time")
    if seen.inbound:
        yield _("%(n)s calls from outside") % {"n": words.number(seen.inbound)}
    if seen.errors:
        yield ngettext("%(n)s problem", "%(n)s problems", len(seen.errors)) % {
            "n": words.number(len(seen.errors))
        }


def _remarks(remarks: list[str], report: Report) -> Iterator[str]:
    if remarks:
        yield f"<section><h2>{_t(_('To read the figures rightly'))}</h2><ul>"
        yield "".join(f"<li>{_t(text)}</li>" for text in remarks) + "</ul></section>\n"
    if report.notes:
        heading = _("Lines of the list that were left out or need care")
        yield f"<section><h2>{_t(heading)}</h2><ul>"
        for note in report.notes[:50]:
            place = f"<code>{_t(note.place)}</code> <code>{_t(note.text)}</code>"
            yield f"<li>{place}: {_t(note.reason)}</li>"
        if len(report.notes) > 50:
            yield f"<li>{_t(_('and %(n)s more') % {'n': words.number(len(report.notes) - 50)})}</li>"
        yield "</ul></section>\n"


def _foot(report: Report) -> str:
    scan = report.result.scan
    made = datetime.now(UTC).astimezone(report.zone).strftime("%d/%m/%Y %H:%M")
    texts = (
        _("Made on %(time)s (%(zone)s) by %(tool)s.")
        % {"time": made, "zone": words.zone_name(report.zone), "tool": scan.tool},
        _("List of %(n)s malicious addresses, id %(id)s.")
        % {"n": words.number(scan.set_count), "id": scan.set_id[:16]},
        _("Malicious addresses are written with [.] so that nobody opens one by mistake; log lines are not."),
    )
    return '<footer><div class="in">' + "".join(f"<p>{_t(text)}</p>" for text in texts) + "</div></footer>\n"
