"""The portal's refusals: counted by day, door and reason, for the people who run it.

`note(door, reason)` may be called from anywhere; it touches no database.
"""

from quetsach.portal.kit.refusals.counting import door_at, note, note_form, note_request, watch_sign_ins

__all__ = ["door_at", "note", "note_form", "note_request", "watch_sign_ins"]
