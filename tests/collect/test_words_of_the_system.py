"""The operating system's reasons about a file are shown in the language in use."""

from __future__ import annotations

import pytest

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.text import language


@pytest.mark.usefixtures("catalogue")
def test_why_a_file_cannot_be_read_is_no_english_in_a_vietnamese_sentence() -> None:
    problem = FileProblem("unreadable", why="Permission denied")
    assert messages.problem(problem, "en").startswith("Cannot be read: Permission denied.")
    language.use("vi")
    assert "không có quyền truy cập" in messages.problem(problem, "vi")
