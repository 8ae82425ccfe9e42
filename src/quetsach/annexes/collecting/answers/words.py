"""Names for the parts of a collection, in the language of the command line."""

from __future__ import annotations

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.merge import Collection, Doubt, Reading
from quetsach.text.language import code, ngettext
from quetsach.text.language import gettext as _

MOST_NAMED = 5
"""Units that a broken rule names; the sheet of doubts has all of them."""


def field(name: str) -> str:
    """The name of a field."""
    return {
        "r1": _("Row 1, units informed"),
        "r2": _("Row 2, people informed"),
        "r3": _("Row 3, units that carried it out"),
        "r4": _("Row 4, people that carried it out"),
        "unit": _("Name of the unit"),
        "narrative": _("Assessment"),
        "proposals": _("Proposals"),
        "file": _("The file"),
    }.get(name) or _("Notes")


def doubt(one: Doubt) -> str:
    """A doubt as a sentence."""
    return messages.doubt(one.code, one.facts, code())


def place(figure: Figure) -> str:
    """The place of a figure in its file."""
    return messages.place(figure.place, code())


def broken(found: Collection) -> list[str]:
    """The rules of the form that the total breaks, then those of single units, each with its units."""
    said = [
        _("The total, rule %(rule)s: %(text)s") % {"rule": problem.rule, "text": problem.text[code()]}
        for problem in found.broken
    ]
    units: dict[tuple[str, str], list[str]] = {}
    for one in found.counted:
        for doubt in one.doubts:
            if doubt.code in ("rule_block", "rule_warn"):
                names = units.setdefault((doubt.name, doubt.field), [])
                names.append(one.unit.name if one.unit else one.label)
    for (rule, name), there in units.items():
        left = len(there) - MOST_NAMED
        more = f" (+{left})" if left > 0 else ""
        said.append(
            _("Rule %(rule)s, %(field)s: %(units)s")
            % {"rule": rule, "field": field(name), "units": "; ".join(there[:MOST_NAMED]) + more}
        )
    return said


def state(one: Reading) -> str:
    """Clear, or the number of doubts to look at."""
    count = sum(doubt.level != "info" for doubt in one.doubts)
    return (
        ngettext("%(n)d thing to look at", "%(n)d things to look at", count) % {"n": count}
        if count
        else _("clear")
    )


def came(found: Collection) -> str:
    """How many of the units have sent an annex that counts."""
    if found.expected is None:
        return ngettext("%(n)d unit", "%(n)d units", len(found.counted)) % {"n": len(found.counted)}
    return _("%(n)d of %(all)d units") % {"n": len(found.counted), "all": found.expected}
