"""Names for the parts of a collection, in the language of the command line."""

from __future__ import annotations

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.merge import Collection
from quetsach.annexes.collecting.readings import Doubt, Reading
from quetsach.text.language import code, ngettext
from quetsach.text.language import gettext as _


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
