"""How many computers units have, and how many of them nobody checked: one rule for all pages.

Known are the computers of a unit's register. A unit may say a greater number than its register holds: then
the register may lack some, so that number is the most. Without a register the unit's own number counts; it
rests on nobody's look, so such units stand apart where shares are compared.
"""

from __future__ import annotations

from dataclasses import dataclass

type Range = tuple[int, int]
"""The truth lies within, ends included."""


def known_computers(register: Range | None, stated: int | None) -> Range | None:
    """The computers of one unit. `register` without any computer is none; None where nobody knows."""
    if register is None or not register[1]:
        return None if stated is None else (stated, stated)
    least, most = register
    return least, max(most, stated or 0)


@dataclass(frozen=True, slots=True)
class Computers:
    """The computers of some units. `unlisted` of the `units` have no register; of these `unknown` ones gave
    no number either, and are in no other number. `checked` machines of a unit count up to the most that it
    can have."""

    units: int = 0
    unlisted: int = 0
    unknown: int = 0
    least: int = 0
    most: int = 0
    checked: int = 0
    unchecked_least: int = 0
    unchecked_most: int = 0

    def __add__(self, other: Computers) -> Computers:
        return Computers(
            self.units + other.units,
            self.unlisted + other.unlisted,
            self.unknown + other.unknown,
            self.least + other.least,
            self.most + other.most,
            self.checked + other.checked,
            self.unchecked_least + other.unchecked_least,
            self.unchecked_most + other.unchecked_most,
        )

    @property
    def known(self) -> Range | None:
        """The computers, [at least, at most]; None where no unit has a number."""
        return (self.least, self.most) if self.units > self.unknown else None

    @property
    def unchecked(self) -> Range | None:
        """Computers that nobody checked, [at least, at most]; None where no unit has a number."""
        return (self.unchecked_least, self.unchecked_most) if self.units > self.unknown else None

    @property
    def coverage(self) -> tuple[float, float] | None:
        """Checked machines of known ones, [at least, at most], 0 to 1; None where no computer is known."""
        if self.known is None or not self.most:
            return None
        return self.checked / self.most, min(self.checked / max(self.least, 1), 1.0)

    @property
    def counted(self) -> int:
        """The units whose number of computers is known: `coverage` is theirs alone."""
        return self.units - self.unknown

    @property
    def is_part(self) -> bool:
        """Some units are counted and others are not: a share says of how many it is."""
        return 0 < self.counted < self.units

    @property
    def rank(self) -> tuple[float, ...]:
        """The place of units among others, the best first: by the part of them that has a register, then by
        the part whose number is known, then by the share checked. Knowing nothing wins no place."""
        if not self.units:
            return 1.0, 1.0, 1.0
        share = -self.coverage[0] if self.coverage is not None else 1.0
        return self.unlisted / self.units, self.unknown / self.units, share


def computers_of(register: Range | None, stated: int | None, checked: int) -> Computers:
    """The computers of one unit with so many checked machines."""
    known = known_computers(register, stated)
    is_listed = register is not None and register[1] > 0
    if known is None:
        return Computers(1, 1, 1)
    least, most = known
    return Computers(
        1,
        int(not is_listed),
        0,
        least,
        most,
        min(checked, most),
        max(least - checked, 0),
        max(most - checked, 0),
    )


NONE = Computers()
"""No units."""
