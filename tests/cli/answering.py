"""A portal that answers as it is told to."""

from dataclasses import dataclass, field


@dataclass
class Portal:
    """What was pushed, and what to answer: status and body, one a request, the last for ever."""

    url: str
    answers: list[tuple[int, object]] = field(default_factory=lambda: [(200, {})])
    bodies: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
