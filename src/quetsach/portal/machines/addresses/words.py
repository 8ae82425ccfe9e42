"""Words for addresses that ask for others."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, str | Promise] = {
    "resolver": _("a resolver (DNS server)"),
    "proxy": _("a proxy"),
    "gateway": _("a gateway or router"),
}
"""What asks for others."""


def named(machines: Sequence[str]) -> list[str]:
    """Cards and host names without the word before them."""
    return [one.partition(":")[2] for one in machines]
