"""The names of the figures on pages: what each counts, in words, and the query that answers it.

A page shows such a figure only through the tag `figure` (`templatetags/figures.py`), which adds name, scope
and moment as data attributes. `tools/figure_names.py` refuses the figure without the tag, and a test walks
all pages and compares: one name, scope and moment never has two values.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REPORTS = "quetsach.portal.reports"
CHECKS = "quetsach.portal.checks.queries"
COUNTED = "quetsach.machines.counting.figures:figures_at"


@dataclass(frozen=True, slots=True)
class Kind:
    """One name: `says` defines it; `query` is the function that counts it (module:function).

    `fields` are the last one or two parts of the variables that hold it in templates: `line.accepted`, or
    just `accepted` if no template uses the word for anything else; `=accepted` is a variable of that name.
    """

    says: str | Promise
    query: str
    fields: tuple[str, ...] = ()


OWN, BELOW, ALL, DIRECT, GUIDED = "own", "below", "all", "direct", "guided"
REACHES: dict[str, str | Promise] = {
    OWN: _("this unit alone"),
    BELOW: _("all units below, without this one"),
    ALL: _("this unit and all units below"),
    DIRECT: _("units directly below"),
    GUIDED: _("the units that it guides"),
}
"""How far a figure of a unit reaches."""

FIGURES: dict[str, Kind] = {
    "units": Kind(
        _("units that take part in the campaign"),
        "quetsach.portal.campaigns.queries:progress",
        ("seen.units", "branch.units", "progress.units", "below|length"),
    ),
    "sensors.silent": Kind(
        _("sensors that are silent, or have a silent source"),
        "quetsach.portal.sensors.queries:silent_of",
        ("=silent",),
    ),
    "sensors.blind": Kind(
        _("sensors that could not read something of their logs"),
        "quetsach.portal.sensors.queries:blind_of",
        ("=blind",),
    ),
    "units.in_campaign": Kind(
        _("units of a campaign, the issuer included"),
        "quetsach.portal.campaigns.queries:active_nodes",
        ("=active",),
    ),
    "units.received": Kind(
        _("units that confirmed that the letter has arrived"),
        "quetsach.portal.campaigns.queries:progress",
        ("acknowledged", "=received"),
    ),
    "units.carried_out": Kind(
        _("units that said that they have carried it out"),
        "quetsach.portal.campaigns.queries:progress",
        ("seen.deployed", "branch.deployed", "progress.deployed", "=deployed"),
    ),
    "units.reporting": Kind(
        _("units that must send a report"), f"{REPORTS}.rollup.queries:branch_sums", ("expected",)
    ),
    "units.accepted": Kind(
        _("units with an accepted report, which counts in the total"),
        f"{REPORTS}.rollup.queries:branch_sums",
        ("seen.accepted", "rolled.accepted", "line.accepted"),
    ),
    "units.missing": Kind(
        _("units that must report and have no accepted report"),
        f"{REPORTS}.rollup.queries:branch_sums",
        ("missing_count", "missing_below"),
    ),
    "units.on_time": Kind(
        _("units whose first accepted report came before the deadline"),
        f"{REPORTS}.rollup.queries:branch_sums",
        ("on_time",),
    ),
    "units.owing": Kind(
        _("units that have not confirmed the letter, or not carried it out, or not reported"),
        f"{REPORTS}.dashboard.late_units:counts",
        ("owing", "owing|length"),
    ),
    "units.overdue": Kind(
        _("units whose report has not come by their own deadline"),
        f"{REPORTS}.dashboard.late_units:counts",
        ("overdue",),
    ),
    "units.not_received": Kind(
        _("units that have not confirmed the letter"), f"{REPORTS}.dashboard.late_units:counts"
    ),
    "units.not_carried_out": Kind(
        _("units that have not carried it out"), f"{REPORTS}.dashboard.late_units:counts"
    ),
    "units.not_reported": Kind(
        _("units that must report and have no report that waits or counts"),
        f"{REPORTS}.dashboard.late_units:counts",
    ),
    "units.returned": Kind(
        _("units whose report was returned and waits for them"),
        f"{REPORTS}.dashboard.audiences:returned",
    ),
    "units.with_file": Kind(
        _("units whose report came as a file that waits on the desk"),
        f"{REPORTS}.arrived_files:waits",
        ("with_file",),
    ),
    "units.silent": Kind(
        _("units that got the letter on an earlier day and have not confirmed it"),
        "quetsach.portal.campaigns.queries:statuses",
    ),
    "units.unconfirmed": Kind(
        _("units that got the letter and have not confirmed it"),
        "quetsach.portal.campaigns.queries:statuses",
    ),
    "units.incident": Kind(
        _("units that have a machine of an incident"),
        "quetsach.portal.incidents.case_facts:facts_of",
        ("facts.units",),
    ),
    "units.without_computers": Kind(
        _("units that have no register and have not given their number of computers"),
        f"{CHECKS}:branches",
        ("silent_units",),
    ),
    "reports.waiting": Kind(
        _("reports and requests to amend that wait for the superior"),
        f"{REPORTS}.queries:waiting_below",
        ("waiting",),
    ),
    "people.informed": Kind(
        _("people who are informed, by each unit's latest number"),
        "quetsach.portal.campaigns.queries:progress",
        ("progress.informed", "own.informed", "s.informed"),
    ),
    "people.done": Kind(
        _("people who checked their machine and dealt with what was found, by each unit's latest number"),
        "quetsach.portal.campaigns.queries:progress",
        ("progress.done", "own.done", "s.done", "people_done", "branch.done"),
    ),
    "people.staff": Kind(
        _("staff as the units declared it"),
        "quetsach.portal.campaigns.queries:progress",
        ("progress.staff", "branch.staff", "node.staff_count", "=staff"),
    ),
    "data_requests": Kind(
        _("requests about personal data to the unit that have no answer yet"),
        "quetsach.portal.privacy.queries:answerable",
    ),
    "register.least": Kind(
        _("computers and servers in the register of the unit, at least: machines that cannot be one"),
        "quetsach.portal.machines.register.queries:figures_of",
        ("figures.least", "told.least"),
    ),
    "register.most": Kind(
        _("computers and servers in the register of the unit, at most: each key for itself"),
        "quetsach.portal.machines.register.queries:figures_of",
        ("figures.most", "told.most"),
    ),
    "register.visitors": Kind(
        _("machines in the register that were seen on fewer than three days and that nobody confirmed"),
        "quetsach.portal.machines.register.queries:figures_of",
        ("figures.visitors",),
    ),
    "register.apart": Kind(
        _("phones, printers, devices of guests and others in the register"),
        "quetsach.portal.machines.register.queries:figures_of",
        ("figures.apart",),
    ),
    "register.random": Kind(
        _("devices in the register of which only a random address is known"),
        "quetsach.portal.machines.register.queries:figures_of",
        ("figures.random",),
    ),
    "register.stated": Kind(
        _("computers of the unit by its own word"),
        "quetsach.portal.machines.register.queries:stated",
        ("=register_stated",),
    ),
    "machines.infected": Kind(
        _("machines in which signs were seen, without addresses of many machines and without false alarms"),
        COUNTED,
    ),
    "machines.located": Kind(
        _("machines with signs of which logs, leases or a register say which machine it is"), COUNTED
    ),
    "machines.shared": Kind(
        _("addresses of many machines, at least one of them with signs"), COUNTED, ("whole.shared",)
    ),
    "machines.unlocated": Kind(
        _("signs of one of several machines, not known which"), COUNTED, ("whole.unlocated",)
    ),
    "machines.claimed": Kind(
        _("machines with signs that were handled and did not come back, proven clean or not"),
        COUNTED,
    ),
    "machines.rechecked": Kind(
        _("machines that were handled and showed no sign when looked at again, or are proven clean"), COUNTED
    ),
    "machines.relapsed": Kind(_("machines that showed signs again after they were handled"), COUNTED),
    "machines.reinfected": Kind(_("machines that were infected again after they were clean"), COUNTED),
    "machines.unreachable": Kind(_("machines that nobody could reach in three tries"), COUNTED),
    "machines.known_least": Kind(
        _("computers of units that keep a register or gave their number, at least"), COUNTED
    ),
    "machines.known_most": Kind(
        _("computers of units that keep a register or gave their number, at most"), COUNTED
    ),
    "units.told": Kind(_("units to which the letter was sent, or that confirmed it"), COUNTED),
    "machines.seen": Kind(
        _("machines in which signs were seen, whatever became of them; without false alarms"),
        f"{REPORTS}.rollup.machines:by_branch",
        ("machines.total", "table.total", "branch.machines", "machine_count"),
    ),
    "machines.least": Kind(
        _("machines in which signs were seen, at least: those that cannot be one and the same"),
        "quetsach.portal.cases.lists:tally",
        ("machines_least",),
    ),
    "machines.signs": Kind(
        _("machines with signs that nobody handles yet"), "quetsach.portal.cases.lists:tally", ("signs",)
    ),
    "machines.incident": Kind(
        _("machines of an incident, each once"),
        "quetsach.portal.incidents.case_facts:facts_of",
        ("row.machines", "facts.machines"),
    ),
    "machines.overdue": Kind(
        _("machines whose case waits longer than the campaign allows"),
        "quetsach.portal.cases.escalating.queries:late_here",
    ),
    "units.late": Kind(
        _("units with machines that are overdue, out of reach, with signs again, or infected again"),
        "quetsach.portal.cases.escalating.queries:late_here",
    ),
    "machines.busy": Kind(_("machines that are being handled"), "quetsach.portal.cases.lists:tally"),
    "machines.unsure": Kind(
        _("machines that were handled and of which nobody can tell yet"),
        "quetsach.portal.cases.lists:tally",
    ),
    "machines.clean": Kind(_("machines that are clean again"), "quetsach.portal.cases.lists:tally"),
    "machines.around": Kind(
        _("machines that go around the place that watches, in the logs of the last 90 days"),
        "quetsach.portal.sightings.queries:around",
        ("around.machines",),
    ),
    "machines.dismissed": Kind(_("false alarms"), "quetsach.portal.cases.lists:tally"),
    "machines.reported": Kind(
        _("machines in cases to which reports of others led"),
        "quetsach.portal.cases.victims.queries:standing",
        ("standing.machines",),
    ),
    "risks": Kind(
        _("exposed services and attacks that others reported; no infections"),
        "quetsach.portal.cases.victims.queries:risk_counts",
        ("risk_total",),
    ),
    "checks.machines": Kind(
        _("machines that were checked at least once"), f"{CHECKS}:branches", ("checked",)
    ),
    "checks.unchecked": Kind(
        _("computers without a check, at least, in the units with a register or a number of their own"),
        f"{CHECKS}:branches",
        ("whole.unchecked", "row.unchecked", "branch.unchecked"),
    ),
    "checks.unchecked_most": Kind(
        _("computers without a check, at most, in the units with a register or a number of their own"),
        f"{CHECKS}:branches",
        ("whole.unchecked_most", "row.unchecked_most"),
    ),
    "units.without_register": Kind(
        _("units that have no register of their computers"),
        "quetsach.machines.counting.computers:computers_of",
        ("computers.unlisted",),
    ),
    "checks.signs": Kind(
        _("machines whose latest check found signs of malware or cracked software, or asks a person to look"),
        f"{CHECKS}:branches",
        ("whole.signs", "row.signs"),
    ),
    "checks.cracked": Kind(
        _("machines whose latest check found signs, cracked software among them"),
        f"{CHECKS}:branches",
        ("whole.cracked", "row.cracked"),
    ),
    "checks.people": Kind(
        _("people who use the checked machines, as was said at each"),
        f"{CHECKS}:branches",
        ("whole.people",),
    ),
    "copies.found": Kind(
        _("copies of cracked software that were found"),
        f"{CHECKS}:copies_below",
        ("copies.found", "row.found", "last.found"),
    ),
    "copies.replaced": Kind(
        _("cracked copies that are gone again"),
        f"{CHECKS}:copies_below",
        ("copies.replaced", "last.replaced"),
    ),
    "copies.remaining": Kind(
        _("cracked copies that are still there"), f"{CHECKS}:copies_below", ("copies.remaining",)
    ),
    "scans": Kind(_("logs that were sent in"), "quetsach.portal.cases.queries:watched", ("watched.scans",)),
    "lines.read": Kind(
        _("log lines that were read"), "quetsach.portal.cases.queries:story", ("lines_read", "scan.lines")
    ),
    "lines.no_machine": Kind(
        _("log lines that name a listed address and no machine"),
        "quetsach.portal.sightings.queries:scans_of",
        ("scan.not_understood",),
    ),
    "lines.signs": Kind(
        _("log lines with a listed address"),
        "quetsach.portal.cases.queries:story",
        ("story.lines", "tally.lines"),
    ),
    "lines.blocked": Kind(
        _("log lines with a listed address whose connection was blocked"),
        "quetsach.portal.cases.queries:story",
        ("story.blocked",),
    ),
    "sightings": Kind(
        _("rows of evidence: one machine, one address, one place, one day"),
        "quetsach.portal.sightings.queries:tally",
        ("tally.rows",),
    ),
    "lines.nameless": Kind(
        _("log lines with a listed address that were read and name no machine"),
        "quetsach.portal.sightings.queries:nameless",
        ("bare", "tally.without_device"),
    ),
    "list.entries": Kind(
        _("addresses that a list holds"),
        "quetsach.portal.indicators.queries:current",
        ("set.count", "current.count", "draft.count"),
    ),
    "annex": Kind(
        _("a row of the annex, from accepted reports"),
        f"{REPORTS}.rollup.queries:branch_sums",
        ("row.total", "row.below", "part.count", "=figure"),
    ),
    "entry": Kind(_("a row of the annex, as typed or sent at that moment"), f"{REPORTS}.queries:entered"),
    "known": Kind(
        _("a row of the annex, as far as the portal knows it now"),
        f"{REPORTS}.facts:known_rows",
        ("known_now",),
    ),
}
"""By name. A name with a dot more, such as `annex.r1`, is a row or kind of the name before it."""


def kind_of(name: str) -> Kind:
    """The definition of a figure's name; KeyError for a name that is not in the table."""
    return FIGURES[name] if name in FIGURES else FIGURES[name.rpartition(".")[0]]
