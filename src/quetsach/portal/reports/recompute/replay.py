"""Computes a report's state and counting revision from its events alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Standing:
    """The state of a report. Revisions are numbers; None if there is none."""

    state: str = "draft"
    current: int | None = None
    accepted: int | None = None


def after(standing: Standing, event: str, revision: int | None) -> Standing:
    """The standing after one more event. Raises ValueError for an event that no report knows."""
    match event:
        case "review":
            return replace(standing, state="in_review", current=revision)
        case "submit":
            return replace(standing, state="submitted", current=revision)
        case "withdraw":
            return replace(standing, state="accepted" if standing.state == "amend_asked" else "draft")
        case "return":
            counted = standing.state in {"accepted", "amend_asked"}
            return replace(standing, state="returned", accepted=None if counted else standing.accepted)
        case "accept":
            return replace(standing, state="accepted", accepted=revision)
        case "ask":
            return replace(standing, state="amend_asked")
        case "decline":
            return replace(standing, state="accepted")
        case "amend":
            return replace(standing, state="draft")
        case "sign" | "attach":
            return standing
    raise ValueError(event)
