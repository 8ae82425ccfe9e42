"""The sentences for refused acts on people and bodies, by code."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.campaigns.cascade.refusals import REFUSALS as OF_CAMPAIGN
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.people.body_actions import TaxCodeTakenError
from quetsach.portal.people.body_plan import Refused
from quetsach.units.bodies import MOST_ROWS, BodyTableError

REFUSALS: dict[str, str | Promise] = OF_CAMPAIGN | {
    "day_ahead": gettext_lazy("This day has not come yet."),
    "too_many_bodies": gettext_lazy("A unit can list at most 20,000 organisations. Nothing was imported."),
}
PERSONS: dict[str, str | Promise] = {
    "blank": gettext_lazy("Type your work e-mail or your staff code."),
    "shape": gettext_lazy(
        "This is neither an e-mail address such as ha.nguyen@example.org nor a staff code such as "
        "NV-015: 2 to 40 digits and unaccented letters, at least one digit, no name."
    ),
    "citizen": gettext_lazy(
        "This looks like the number of an identity card. Do not type it here:"
        " use your work e-mail or staff code."
    ),
}
LISTS: dict[str, str | Promise] = {
    "empty": gettext_lazy("There is no organisation in it yet. Paste a list, one organisation per line."),
    "too_many": gettext_lazy(
        "The list has %(value)s lines; at most %(most)s are accepted at once. Split it."
    ),
    "quotes": gettext_lazy(
        "Line %(value)s has a quotation mark without its other half, so nobody can tell where the cell ends."
        " Correct it and paste the list again."
    ),
    "no_name": gettext_lazy("No column has the heading “Tên đơn vị”. Add it, or paste without headings."),
}
LINES: dict[str, str | Promise] = {
    "no_name": gettext_lazy("The name is missing."),
    "too_long": gettext_lazy("Too long: at most %(value)s characters."),
    "shape": gettext_lazy(
        "“%(value)s” is not a tax code: it has 10 digits, a branch 10 digits, a dash and 3."
    ),
    "check": gettext_lazy(
        "Tax code %(value)s: its last digit does not fit the others. Compare it with the paper."
    ),
    "person": gettext_lazy(
        "“%(value)s” has 12 digits like an identity card. Leave the tax code empty for a household."
    ),
    "phone": gettext_lazy("“%(value)s” is not a phone number such as 0213 3896 123."),
    "day": gettext_lazy("“%(value)s” is not a day such as 05/09/2022."),
    "day_ahead": gettext_lazy("%(value)s has not come yet."),
    "count": gettext_lazy("“%(value)s” is not a whole number such as 25 or 1.234."),
    "channel": gettext_lazy(
        "“%(value)s” is none of the known channels. Choose one from the list in the cell."
    ),
    "more_done": gettext_lazy("More persons done (%(value)s) than informed."),
    "twice": gettext_lazy("The same organisation is in line %(value)s already."),
    "twice_here": gettext_lazy("Two lines mean the same organisation on your list: %(value)s."),
    "taken": gettext_lazy("Tax code %(value)s is counted by %(unit)s already. Ask them; it counts once."),
}


def list_refusal(error: BodyTableError) -> str:
    """The reason that nothing of a list was taken."""
    value = num(error.value) if isinstance(error.value, int) else error.value
    return str(LISTS[error.code]) % {"value": value, "most": num(MOST_ROWS)}


def line_refusal(refused: Refused) -> str:
    """The reason that a line is not taken."""
    unit = refused.node.name if refused.node else ""
    return str(LINES[refused.problem.code]) % {"value": refused.problem.value, "unit": unit}


def taken(error: TaxCodeTakenError) -> str:
    """The unit that had the tax code first."""
    if error.node is None:
        return _("Another unit has just taken a tax code of your list. Open the page again and compare.")
    return str(LINES["taken"]) % {"value": error.tax_code, "unit": error.node.name}
