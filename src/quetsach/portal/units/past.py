"""The tree as of a day: the names and superiors of that time, beside each unit's present state."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from quetsach.portal.accounts.models import User
from quetsach.portal.units.models import ReorgEvent, Unit
from quetsach.portal.units.queries import Standing, tops_of, tree_as_of
from quetsach.text.vietnamese import nfc, search_key, sort_key

FOUND_AT_MOST = 60
DAYS_AT_MOST = 12
_RANK = {kind: n for n, kind in enumerate(Unit.Kind.values)}
_KINDS = dict(Unit.Kind.choices)


@dataclass(frozen=True)
class Was:
    """A unit on that day. `below` counts all units below it then; `today` is the present unit."""

    pk: UUID
    name: str
    kind: str
    below: int
    today: Unit

    @property
    def get_kind_display(self) -> str:
        """The kind in words, under the method name that templates use for units."""
        return str(_KINDS.get(self.kind, self.kind))

    @property
    def is_renamed(self) -> bool:
        return not self.today.is_retired and self.today.name != self.name


@dataclass
class PastTree:
    """The units of one day that the person may see, by id, and the units directly below each."""

    standing: dict[UUID, Standing]
    children: dict[UUID | None, list[UUID]] = field(default_factory=dict)

    def path_of(self, pk: UUID) -> list[tuple[UUID, str]]:
        """The units above, the highest first, as far as the person may see them."""
        found: list[tuple[UUID, str]] = []
        above = self.standing[pk].parent
        while above is not None and above in self.standing and len(found) < 30:
            found.append((above, self.standing[above].name))
            above = self.standing[above].parent
        return found[::-1]

    def shown(self, pks: list[UUID]) -> list[Was]:
        """Those units as rows of a page; offices come before the units below them in rank."""
        today = Unit.rows.in_bulk(pks)
        rows = [
            Was(pk, self.standing[pk].name, self.standing[pk].kind, self._below(pk), today[pk]) for pk in pks
        ]
        return sorted(rows, key=lambda one: (_RANK.get(one.kind, len(_RANK)), sort_key(one.name)))

    def search(self, text: str) -> list[UUID]:
        """Units whose name of that day has the text, with or without marks; exact spellings come first."""
        wanted = nfc(text)
        key = search_key(wanted)
        hits = [pk for pk, unit in self.standing.items() if key and key in search_key(unit.name)]

        def rank(pk: UUID) -> tuple[object, ...]:
            name = self.standing[pk].name
            return (
                wanted.casefold() not in name.casefold(),
                not search_key(name).startswith(key),
                sort_key(name),
            )

        return sorted(hits, key=rank)

    def _below(self, pk: UUID) -> int:
        count, open_ = 0, list(self.children.get(pk, ()))
        while open_:
            count += 1
            open_ += self.children.get(open_.pop(), ())
        return count


def past_tree(user: User, day: date) -> PastTree:
    """The units whose present or last place is at or below the person's own units, as of that day."""
    standing: dict[UUID, Standing] = {}
    for top in tops_of(user):
        standing |= tree_as_of(day, top)
    children: defaultdict[UUID | None, list[UUID]] = defaultdict(list)
    for pk, unit in standing.items():
        children[unit.parent if unit.parent in standing else None].append(pk)
    return PastTree(standing, children)


def days_of_change(user: User) -> list[date]:
    """The last days on which the tree that the person sees changed."""
    seen = Unit.objects.visible_to(user)
    events = ReorgEvent.rows.filter(undone_at=None, involvements__unit__in=seen)
    days = events.order_by("-effective_on").values_list("effective_on", flat=True).distinct()
    return list(days[:DAYS_AT_MOST])
