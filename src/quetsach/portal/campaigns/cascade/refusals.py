"""The sentence for each code of NotAllowedNowError: the reason, and the next step."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: dict[str, str | Promise] = {
    "closed": _("The campaign is closed; nothing can be changed any more."),
    "not_active": _("This unit takes no part in the campaign any more."),
    "another_day": _("This was confirmed on another day and can no longer be taken back."),
    "deployed": _("The unit has already said that it carried the campaign out. Take that back first."),
    "passed_on": _("The letter was already passed on, so the receipt stays."),
    "acknowledged": _("That unit has already confirmed the letter."),
    "not_passed_on": _("The letter was not passed on to this unit, so there is nothing to return."),
    "already_deployed": _("That unit has already said that it carried the campaign out."),
    "not_below": _("That unit does not stand directly below yours."),
    "published": _("The campaign is published already; its units are frozen."),
    "not_later": _("The new deadline must be later than the present one."),
    "other_state": _("The campaign has changed in the meantime. Look at the page again."),
    "begun": _("Units have begun to work; the campaign can be closed, but not taken back."),
    "later_than_own": _("A unit below cannot have a later deadline than yours."),
    "due_past": _("This deadline is over already. Choose a later day."),
    "counted": _("A number of people is corrected by entering the right one."),
    "no_proof": _("A receipt on paper needs its proof: add a photo or a scan."),
    "more_done_than_informed": _("More people done than informed. Correct one of the two numbers."),
    "no_successor": _("Choose a unit that takes part and is not this one."),
    "not_top": _("The front page shows only campaigns of units without a coordinator above them."),
    "issuer": _("The issuing unit always takes part."),
}
