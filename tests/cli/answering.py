"""A portal with prepared answers."""

from dataclasses import dataclass, field


@dataclass
class Portal:
    """Records pushes and gives prepared answers: status and body, one for each request, the last for ever."""

    url: str
    answers: list[tuple[int, object]] = field(default_factory=lambda: [(200, {})])
    bodies: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    """The marks (ETag) with which its list was asked for."""
    list_status: int = 200
    lists: str = ""
    """The text that it hands out."""
    status: int = 200
    """With which it hands that out."""
