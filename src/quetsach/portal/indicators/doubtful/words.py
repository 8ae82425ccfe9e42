"""Plain words for the groups of doubtful entries."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.indicators.guard import Group


class GroupWords(NamedTuple):
    """The name of a group, its meaning, whether lists that block hold its entries, and the word beside an
    entry that is kept."""

    title: str | Promise
    about: str | Promise
    blocked: str | Promise
    kept: str | Promise


WORDS: dict[Group, GroupWords] = {
    Group.MANY: GroupWords(
        _("Many use them"),
        _(
            "Names and addresses that many people use or share, names above them, names of the state, and the"
            " campaign's own. They are left out. One that you keep is searched for in logs, never blocked."
        ),
        _("never, not even if kept"),
        _("kept, in no form that blocks"),
    ),
    Group.PLACEHOLDER: GroupWords(
        _("Placeholders"),
        _("Addresses such as 12.34.56.78, written where the real address is not known. They are left out."),
        _("only if kept"),
        _("kept although it is a placeholder"),
    ),
    Group.RENTED: GroupWords(
        _("Rented at a platform"),
        _(
            "The name of one customer at a hosting platform, such as x.pages.dev, or the address of a server"
            " for rent. They are kept."
        ),
        _("exactly that name or address"),
        _("rented at a platform, blocked as exactly that"),
    ),
    Group.SINKHOLE: GroupWords(
        _("Sinkholes"),
        _("Addresses that researchers took over. They are kept: a machine that calls one is infected."),
        _("yes"),
        _("sinkhole"),
    ),
    Group.WIDE: GroupWords(
        _("Wide networks"),
        _("Networks of more than 256 addresses, with many innocent machines. They are kept: look at each."),
        _("yes"),
        _("wide network"),
    ),
}
