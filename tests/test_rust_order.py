"""The order of the Rust code is kept by a check that sees a wrong import (`tools/rust_order.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import rust_order

LIB = """//! | step | folder | what |
//! |---|---|---|
//! | first | `text` | spells |
//! | then | `rows`, `wire` | counts; writes |
mod rows;
mod text;
mod wire;
"""
TREE = {
    "lib.rs": LIB,
    "text.rs": "pub fn spell() {}\n",
    "rows/mod.rs": "mod row;\npub use row::Row;\n",
    "rows/row.rs": "use crate::text::spell;\n\npub struct Row;\n",
    "wire/mod.rs": "mod line;\nuse crate::rows::{self, Row};\n",
    "wire/line.rs": "use super::super::text;\n",
}


def findings(folder: Path, **changed: str) -> list[str]:
    tree = TREE | {name.replace("__", "/") + ".rs": text for name, text in changed.items()}
    for name, text in tree.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return [finding.replace(f"{folder}/", "") for finding in rust_order.findings(folder)]


def test_an_order_that_is_kept_is_not_found_fault_with(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "use crate::wire::line;\n",
        "use crate::{text::spell, wire};\n",
        "use super::wire::{\n    self as written,\n};\n",
        "fn f() {\n    crate::wire::write();\n}\n",
    ],
)
def test_an_import_against_the_order_is_refused(tmp_path: Path, text: str) -> None:
    (found,) = (one for one in findings(tmp_path, rows__mod=text) if "circle" not in one)
    assert found.startswith("rows/mod.rs:")
    assert found.endswith("`rows` stands before `wire` and imports from it")


def test_what_tests_import_and_comments_name_does_not_count(tmp_path: Path) -> None:
    test = "#[cfg(test)]\nmod tests {\n    use crate::wire::line;\n}\n"
    assert findings(tmp_path, rows__mod="//! See `crate::wire::line`.\n" + test) == []
    own = "#[cfg(test)]\nmod tests;\n"
    assert findings(tmp_path, rows__mod=own, rows__tests="use crate::wire::line;\n") == []


def test_a_folder_that_the_table_leaves_out_is_told(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, other="use crate::wire::line;\n")
    assert found.startswith("other.rs: `other` is not in the table")


def test_a_circle_of_files_is_refused_unless_a_comment_explains_it(tmp_path: Path) -> None:
    back = "use crate::rows::Row;\n"
    found = findings(tmp_path, rows__row=back)
    assert [one.split(":")[0] for one in found] == ["rows/mod.rs", "rows/row.rs"]
    # The file that imports its child by a path in its code closes the circle, too.
    by_path = "mod row;\nfn f() {\n    row::make();\n}\n"
    assert len(findings(tmp_path, rows__mod=by_path, rows__row="use super::f;\n")) == 2
    assert findings(tmp_path, rows__row=f"// circle: each row is made by all rows.\n{back}") == []
