"""Plain words for refusals of the tree and problems of a table; history in whole sentences."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.units.change_actions import TreeRefusedError
from quetsach.portal.units.models import ReorgEvent, ReorgLink, Unit, UnitVersion

REFUSALS: dict[str, str | Promise] = {
    "future": gettext_lazy("The day is in the future. Enter the change when it takes effect."),
    "retired": gettext_lazy("%(about)s no longer exists. Choose a unit that does."),
    "before_last_change": gettext_lazy(
        "%(about)s was changed later than that day. Choose the day of the last change or a later one."
    ),
    "cycle": gettext_lazy("%(about)s stands below this unit itself. Choose another superior unit."),
    "too_deep": gettext_lazy("%(about)s would stand more than thirty levels deep."),
    "twins": gettext_lazy("There is already a unit named %(about)s below the same superior."),
    "nothing": gettext_lazy("Nothing would change. Alter something, or go back."),
    "has_children": gettext_lazy("Units still stand below %(about)s. Say first where they go."),
    "too_few": gettext_lazy(
        "Choose at least one other unit; a division needs two parts, or one beside the old."
    ),
    "stray": gettext_lazy("Say for each unit below to which part it goes. Missing: %(about)s"),
    "another_day": gettext_lazy("This was entered on another day and stays. Enter a new change."),
    "later_event": gettext_lazy(
        "One of these units has been changed again since. Undo the later change first."
    ),
    "in_campaign": gettext_lazy(
        "%(about)s takes part in a campaign published since; it can only be dissolved."
    ),
    "undone": gettext_lazy("This change was undone."),
    "stale": gettext_lazy(
        "The tree was changed after the preview was made. Nothing was written; read the file once more."
    ),
    "problems": gettext_lazy("The table has places to correct. Nothing was saved."),
    "identifier_taken": gettext_lazy("The number %(about)s already belongs to another unit."),
}


def refusal(error: TreeRefusedError) -> str:
    """The reason of a refusal, and the next step."""
    return str(REFUSALS[error.code]) % {"about": error.about}


def history(unit: Unit, events: list[ReorgEvent]) -> list[tuple[ReorgEvent, str]]:
    """One sentence for each event, from the unit's point of view."""
    former = list(UnitVersion.rows.filter(unit=unit).select_related("parent").order_by("valid_to"))
    versions = {version.event_id: version for version in former}
    following = _following(unit, former)
    made = _made_by(unit, events, former)
    return [
        (event, _sentence(unit, event, versions.get(event.pk), following, is_new=event == made))
        for event in events
    ]


def _made_by(unit: Unit, events: list[ReorgEvent], former: list[UnitVersion]) -> ReorgEvent | None:
    """The event that made the unit: its first event, if that took effect on the unit's first day."""
    founded = former[0].valid_from if former else unit.valid_from
    first = min(events, key=lambda event: event.at, default=None)
    return first if first is not None and first.effective_on == founded else None


def _following(unit: Unit, versions: list[UnitVersion]) -> dict[object, Unit | UnitVersion]:
    """The unit's state after each event: the version that follows the event's version, or the present."""
    states: list[Unit | UnitVersion] = list(versions[1:])
    if versions:
        states.append(unit)
    return {version.event_id: state for version, state in zip(versions, states, strict=True)}


def _sentence(
    unit: Unit,
    event: ReorgEvent,
    before: UnitVersion | None,
    following: dict[object, Unit | UnitVersion],
    *,
    is_new: bool,
) -> str:
    links = list(event.links.all())
    into = [link for link in links if link.from_unit_id == unit.pk]
    out_of = [link for link in links if link.to_unit_id == unit.pk]
    sentences: list[str] = []
    if into:
        sentences.append(_went(event, into))
    if out_of:
        sentences.append(_came(event, out_of, is_new=is_new))
    after = following.get(event.pk)
    if before is not None and after is not None:
        if before.name != after.name:
            sentences.append(_("Renamed from %(old)s to %(new)s.") % {"old": before.name, "new": after.name})
        if before.parent_id != after.parent_id:
            sentences.append(_("Moved from %(old)s to %(new)s.") % {
                "old": before.parent.name if before.parent else "–",
                "new": after.parent.name if after.parent else "–",
            })  # fmt: skip
        if before.kind != after.kind:
            sentences.append(_("Now: %(kind)s (before: %(old)s).") % {
                "kind": after.get_kind_display(), "old": before.get_kind_display()
            })  # fmt: skip
    if not sentences:
        sentences.append(str(_PLAIN[ReorgEvent.Kind(event.kind)]))
    return " ".join(sentences)


_PLAIN: dict[ReorgEvent.Kind, str | Promise] = {
    ReorgEvent.Kind.FOUND: gettext_lazy("Added to the tree."),
    ReorgEvent.Kind.RENAME: gettext_lazy("Name, abbreviation or kind corrected."),
    ReorgEvent.Kind.MOVE: gettext_lazy("Placed below another unit."),
    ReorgEvent.Kind.MERGE: gettext_lazy("Took part in a merger."),
    ReorgEvent.Kind.SPLIT: gettext_lazy("Took part in a division."),
    ReorgEvent.Kind.ABOLISH: gettext_lazy("Dissolved."),
    ReorgEvent.Kind.ABOLISH_LEVEL: gettext_lazy("Its level was abolished."),
}


def _went(event: ReorgEvent, links: list[ReorgLink]) -> str:
    names = ", ".join(link.to_unit.name for link in links)
    if event.kind == ReorgEvent.Kind.MERGE and links[0].portion == ReorgLink.Portion.WHOLE:
        return _("Merged into %(names)s.") % {"names": names}
    if event.kind in {ReorgEvent.Kind.ABOLISH, ReorgEvent.Kind.ABOLISH_LEVEL}:
        return _("Dissolved; %(names)s took over its duties.") % {"names": names}
    return _("A part of it became %(names)s.") % {"names": names}


def _came(event: ReorgEvent, links: list[ReorgLink], *, is_new: bool) -> str:
    whole = [link.from_unit.name for link in links if link.portion == ReorgLink.Portion.WHOLE]
    part = [link.from_unit.name for link in links if link.portion == ReorgLink.Portion.PART]
    if event.kind in {ReorgEvent.Kind.ABOLISH, ReorgEvent.Kind.ABOLISH_LEVEL}:
        return _("Took over the duties of %(names)s.") % {"names": ", ".join(whole)}
    names = {"names": ", ".join(whole or part), "whole": ", ".join(whole), "part": ", ".join(part)}
    if whole and part:
        formed, took = (
            _("Formed from %(whole)s and a part of %(part)s."),
            _("Took in %(whole)s and a part of %(part)s."),
        )
    elif whole:
        formed, took = _("Formed from %(names)s."), _("Took in %(names)s.")
    else:
        formed, took = _("Formed from a part of %(names)s."), _("Took in a part of %(names)s.")
    return (formed if is_new else took) % names
