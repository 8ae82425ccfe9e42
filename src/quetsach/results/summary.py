"""The findings of a scan in sentences that terminal, page and workbook share, so that they never differ."""

from collections.abc import Iterator
from typing import NamedTuple

from quetsach.results import answers
from quetsach.results.machines import NOBODY, Machine, apart
from quetsach.results.output import Report
from quetsach.scanning.result import GoingAround
from quetsach.sightings.asked import machines
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.text.problems import explain

MOST_DOUBTS = 5


class Figures(NamedTuple):
    """The sums over all sources. `machines` are addresses and names, of which `shared` were used by several
    machines. `first` and `last` are the times of all lines read, not of sightings.

    `added` is that of the report. `not_understood` and `nameless` are those of
    `scanning.result.Unattributed`. `around` are the machines that go around the place that wrote the logs;
    they are in no other figure.
    """

    machines: int
    shared: int
    indicators: int
    rows: int
    files: int
    bytes: int
    lines: int
    not_understood: int
    nameless: int
    around: int
    long_lines: int
    inbound: int
    problems: int
    first: str | None
    last: str | None
    added: int | None


def figures(report: Report, machines: list[Machine]) -> Figures:
    """Add up; a log with nothing but an error does not count among the files looked at."""
    seen = [one for one in report.result.coverage if one.lines or not one.errors]
    plausible = [one for one in seen if one.time != "suspect"] or seen
    return Figures(
        machines=sum(machine.device != NOBODY for machine in machines),
        shared=sum(bool(apart(machine)) for machine in machines),
        indicators=_indicators(report, machines),
        rows=len(report.result.sightings),
        files=len(seen),
        bytes=sum(one.bytes for one in seen),
        lines=sum(one.lines for one in seen),
        not_understood=report.result.not_understood,
        nameless=report.nameless if any(machine.device == NOBODY for machine in machines) else 0,
        around=len(report.result.bypasses.machines),
        long_lines=sum(one.long_lines for one in seen),
        inbound=sum(one.inbound for one in seen),
        problems=len(report.result.errors),
        first=words.least(one.first for one in plausible),
        last=words.greatest(one.last for one in plausible),
        added=report.added,
    )


def _indicators(report: Report, machines: list[Machine]) -> int:
    together = report.result.sightings.tally()
    if together is not None:
        return together.indicator_count
    return len(set().union(*(machine.indicators for machine in machines)))


def verdict(found: Figures) -> str:
    """One sentence about the findings. Never says that anything is clean."""
    if found.added is not None and (found.rows or (found.lines and not found.not_understood)):
        return _verdict_of_added(found)
    if found.machines:
        return ngettext(
            "%(n)s machine called malicious addresses on the list.",
            "%(n)s machines called malicious addresses on the list.",
            found.machines,
        ) % {"n": words.number(found.machines)}
    if found.rows or found.not_understood:
        return _("Malicious addresses on the list were seen, but no machine could be tied to them.")
    if not found.lines:
        return _("The logs are empty.") if found.files else _("Nothing could be looked at.")
    if found.problems:
        return _("No address on the list was seen in what could be read; some of it could not be read.")
    return _("No address on the list was seen.")


def _verdict_of_added(found: Figures) -> str:
    if found.machines:
        return ngettext(
            "%(n)s machine called addresses that are new on the list.",
            "%(n)s machines called addresses that are new on the list.",
            found.machines,
        ) % {"n": words.number(found.machines)}
    if found.rows:
        return _("Addresses that are new on the list were seen, but no machine could be tied to them.")
    if found.problems:
        return _("No address that is new on the list was seen in what could be read; some could not be read.")
    return _("No address that is new on the list was seen.")


def slow(because: str) -> str:
    """One sentence where the fast engine was wanted and could not be used."""
    text = _(
        "Fast engine not usable, because %(why)s. The portable engine gives the same answers, about a hundred"
        " times slower."
    )
    return text % {"why": explain(because).rstrip(".")}


def without_machine(found: Figures) -> list[str]:
    """The lines behind which a machine may be that nobody can name: they stand beside the verdict."""
    texts = []
    if found.not_understood:
        text = ngettext(
            "%(n)s line names an address on the list, but no log format reads it: read it yourself to see"
            " which machine it was.",
            "%(n)s lines name an address on the list, but no log format reads them: read them yourself to see"
            " which machine it was.",
            found.not_understood,
        )
        texts.append(text % {"n": words.number(found.not_understood)})
    if found.nameless:
        text = ngettext(
            "%(n)s line shows a call to an address on the list and does not say which machine made it.",
            "%(n)s lines show calls to addresses on the list and do not say which machine made them.",
            found.nameless,
        )
        texts.append(text % {"n": words.number(found.nameless)})
    return texts


def around(found: Figures) -> str:
    """One sentence about the machines whose calls these logs do not show; empty without any."""
    if not found.around:
        return ""
    text = ngettext(
        "%(n)s machine goes around the place that wrote these logs (foreign DNS, VPN, proxy): silence in them"
        " does not prove that it is clean.",
        "%(n)s machines go around the place that wrote these logs (foreign DNS, VPN, proxy): silence in them"
        " does not prove that they are clean.",
        found.around,
    )
    return text % {"n": words.number(found.around)}


def ways(machine: GoingAround, most: int = 3) -> str:
    """The ways by which a machine goes around, those with the most lines first."""
    named = sorted(machine.ways, key=lambda way: (-machine.ways[way], way))
    return some([f"{provider} ({words.way(kind)})" for kind, provider in named], most)


def looked_at(found: Figures, report: Report) -> str:
    """One sentence about the logs that were read, from when to when."""
    amount = _("%(files)s, %(lines)s, %(size)s") % {
        "files": words.files(found.files),
        "lines": words.lines(found.lines),
        "size": words.size(found.bytes),
    }
    if not found.first:
        return _("Looked at: %(amount)s; the lines carry no time that could be read.") % {"amount": amount}
    return _("Looked at: %(span)s (%(zone)s); %(amount)s.") % {
        "span": words.span(found.first, found.last, report.zone),
        "zone": words.zone_name(report.zone),
        "amount": amount,
    }


def remarks(found: Figures, report: Report) -> list[str]:
    """Further facts that a reader needs for the figures."""
    return [
        *_added(found),
        *_doubts(report),
        *_shared(found),
        *_counts(found, report),
        *_asked(report),
        *_times(report),
        *_passed_over(report),
    ]


def _added(found: Figures) -> Iterator[str]:
    if found.added is not None:
        text = ngettext(
            "Only the %(n)s entry that the earlier list lacks is told here; JSON Lines and the portal get"
            " all.",
            "Only the %(n)s entries that the earlier list lacks are told here; JSON Lines and the portal get"
            " all.",
            found.added,
        )
        yield text % {"n": words.number(found.added)}


def _doubts(report: Report) -> Iterator[str]:
    doubts = list(report.doubts.items())
    for indicator, concern in doubts[:MOST_DOUBTS]:
        text = _("%(indicator)s %(reason)s. Look at the evidence before a machine is called infected.")
        yield text % {"indicator": words.visible(indicator), "reason": explain(concern.reason)}
    if more := doubts[MOST_DOUBTS:]:
        text = _("%(n)s more listed addresses that were seen are shared by many: the XLSX file marks them.")
        yield text % {"n": words.number(len(more))}


def _asked(report: Report) -> Iterator[str]:
    if machines(report.result.scan.asked):
        yield answers.sentence(answers.of(report))


def _shared(found: Figures) -> Iterator[str]:
    if found.shared:
        text = ngettext(
            "%(n)s address was used by several machines; its rows tell them apart.",
            "%(n)s addresses were used by several machines; their rows tell them apart.",
            found.shared,
        )
        yield text % {"n": words.number(found.shared)}


def _counts(found: Figures, report: Report) -> Iterator[str]:
    named = report.result.named_by_lease
    for count, text in (
        (
            found.inbound,
            ngettext(
                "%(n)s line shows a listed address calling in from outside; this is no sign of infection.",
                "%(n)s lines show listed addresses calling in from outside; this is no sign of infection.",
                found.inbound,
            ),
        ),
        (
            found.long_lines,
            ngettext(
                "%(n)s line is longer than 1 MiB; only its beginning was read by fields.",
                "%(n)s lines are longer than 1 MiB; only their beginning was read by fields.",
                found.long_lines,
            ),
        ),
        (
            named,
            ngettext(
                "%(n)s row names its machine by what a DHCP server wrote.",
                "%(n)s rows name their machine by what a DHCP server wrote.",
                named,
            ),
        ),
    ):
        if count:
            yield text % {"n": words.number(count)}


def _times(report: Report) -> Iterator[str]:
    for mark, text in (
        ("assumed_year", _("The year is not in the log and was worked out from the file's date: %(logs)s.")),
        (
            "suspect",
            _("Some times lie before 2000 or in the future; check the clock of the device: %(logs)s."),
        ),
        ("none", _("No time could be read: %(logs)s.")),
    ):
        logs = [one.path for one in report.result.coverage if one.time == mark and one.lines]
        if logs:
            yield text % {"logs": some(logs)}


_PASSED_OVER = ("duplicate", "lease", "database", "folder", "special", "result", "")


def _passed_over(report: Report) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {why: [] for why in _PASSED_OVER}
    for one in report.result.skipped:
        by_reason.get(one.why, by_reason[""]).append(str(one.path))
    for reason, text in (
        ("duplicate", _("Copies of a log already read, not counted again: %(logs)s.")),
        ("lease", _("Read only for the DHCP leases in them, not as logs: %(logs)s.")),
        ("database", _("Parts of the database beside which they lie, no logs: %(logs)s.")),
        (
            "folder",
            _("Links to folders, which are not followed: %(logs)s. To scan these folders, name them, too."),
        ),
        ("special", _("Pipes, sockets and devices in a folder, which are not read: %(logs)s.")),
        (
            "result",
            _(
                "Results of earlier scans, no logs, so left out: %(logs)s. Scan the logs that they were made"
                " from; a result in .jsonl is sent with quetsach push."
            ),
        ),
        ("", _("Not logs, left out (lists, links in archives): %(logs)s.")),
    ):
        if paths := by_reason[reason]:
            yield text % {"logs": some(paths)}


def some(names: list[str], most: int = 3) -> str:
    """The first few names, and the number of the others."""
    text = ", ".join(words.visible(name) for name in names[:most])
    if len(names) > most:
        text += " " + _("and %(n)s more") % {"n": words.number(len(names) - most)}
    return text


def families(machine: Machine, most: int = 3) -> str:
    """The malware families of a machine, most frequent first; empty where the list names none."""
    return some([name for name, _count in machine.families.most_common()], most) if machine.families else ""


def name(machine: Machine) -> str:
    """The machine's address, or a text that no line names it."""
    return words.visible(machine.device) if machine.device else _("machine unknown")


def also_known(machine: Machine) -> str:
    """Host name, user, hardware address and NAT address of a machine, where a line shows them.

    Where several machines had the address: what tells them apart.
    """
    if names := apart(machine):
        several = ngettext("%(n)s machine at this address", "%(n)s machines at this address", len(names))
        return f"{several % {'n': words.number(len(names))}}: {some(names)}"
    return " · ".join(words.visible(value) for value in machine.identity.values() if value != machine.device)
