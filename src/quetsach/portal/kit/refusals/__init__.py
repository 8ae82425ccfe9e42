"""What the doors of the portal refused: counted by day, door and reason, for who runs it.

`note(door, reason)` may be called from any place; it touches no database.
"""

from quetsach.portal.kit.refusals.counting import door_at, note, note_form, note_request, watch_sign_ins

__all__ = ["door_at", "note", "note_form", "note_request", "watch_sign_ins"]
