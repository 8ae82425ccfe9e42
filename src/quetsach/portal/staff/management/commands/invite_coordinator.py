"""`quetsach manage invite_coordinator UNIT [--new KIND]`: for a coordinator without a superior."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.annexes.collecting.names import Unit as Named
from quetsach.portal.kit.address import is_here_only, is_known, on_this_machine
from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.staff.actions import invite
from quetsach.portal.staff.links import DAYS
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.likely import MOST, directory, everywhere, named, offered, written
from quetsach.portal.units.models import Role, Unit
from quetsach.text.vietnamese import nfc, sort_key


def _unknown(name: str) -> str:
    known = everywhere()
    near = offered(known, name) or offered(known, name.split("/", 1)[0])
    if not near:
        return _("%(unit)s: no such unit; add --new KIND to make it.") % {"unit": name}
    return _("%(unit)s: no unit of that very name. Is it one of these?%(list)s") % {
        "unit": name,
        "list": _as_lines(near),
    }


def _as_lines(units: Iterable[Named]) -> str:
    lines = [f"\n    quetsach manage invite_coordinator {shlex.quote(written(unit))}" for unit in units]
    more = "\n    …" if len(lines) > MOST else ""
    return "".join(sorted(lines, key=sort_key)[:MOST]) + more


class Command(PortalCommand):
    help = gettext_noop("Make the link with which the first coordinator of a unit opens their account.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("unit", help=_("its name, or its path: 'Xã Tân Lập / Tỉnh Lào Cai'"))
        parser.add_argument("--new", choices=Unit.Kind.values, help=_("make the unit, at the top of a tree"))

    def handle(self, *_args: Any, **options: Any) -> None:
        name = nfc(options["unit"])
        with transaction.atomic():
            found = named(name)
            if options["new"] and found:
                raise CommandError(_("%(unit)s: is there already; leave --new out.") % {"unit": name})
            if not options["new"] and not found:
                raise CommandError(_unknown(name))
            if len(found) > 1:
                raise CommandError(
                    _("%(unit)s: %(n)s units bear that name. Write its place too:%(list)s")
                    % {"unit": name, "n": len(found), "list": _as_lines(directory(found).units)}
                )
            unit = found[0] if found else create_unit(None, None, name, kind=options["new"])
            token = invite(unit, Role.COORDINATOR, None, None)
        link = on_this_machine(reverse("staff_link", args=[token]))
        self.stdout.write(link)
        self.stdout.write(
            _("Opens the account of one coordinator of %(unit)s, within %(days)s days.")
            % {"unit": unit.name, "days": DAYS}
        )
        if is_here_only():
            self.stderr.write(
                _(
                    "Only this machine can open the address in QUETSACH_ADDRESS: for another machine put the"
                    " name that people type in its place."
                )
            )
        elif not is_known():
            self.stderr.write(
                _("QUETSACH_ADDRESS is not set: put the name that people type in place of the link's own.")
            )
