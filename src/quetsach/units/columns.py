"""The columns of a table of units: their headings in a file, and how long a cell may be."""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.text.vietnamese import search_key

SEPARATOR = " > "
"""Stands between the names of a path, the highest first."""
NEAREST_FIRST = " / "
"""Stands between the names of a path as people write it, the unit first: Xã B / Huyện A / Tỉnh X."""


@dataclass(frozen=True)
class Column:
    """`headings`: the first is written; all are read, with any case and marks."""

    key: str
    headings: tuple[str, ...]
    length: int
    width: int


COLUMNS = (
    Column("id", ("Mã hệ thống (giữ nguyên)", "Mã hệ thống", "id"), 36, 14),
    Column("name", ("Tên đơn vị", "Tên", "Đơn vị", "name", "unit"), 200, 42),
    Column("kind", ("Loại", "Loại đơn vị", "kind"), 60, 22),
    Column("parent", ("Thuộc đơn vị", "Đơn vị cấp trên", "Cấp trên", "parent", "superior"), 2000, 42),
    Column("short_name", ("Tên ngắn", "Tên viết tắt", "short name"), 60, 16),
    Column("doc_abbr", ("Ký hiệu văn bản", "Ký hiệu", "abbreviation"), 30, 14),
    Column("code", ("Mã hành chính", "Mã đơn vị hành chính", "Mã", "code"), 20, 12),
    Column("staff_count", ("Số người", "Số cán bộ", "Biên chế", "staff"), 12, 10),
    Column("contact_name", ("Người liên hệ", "Đầu mối", "contact"), 100, 24),
    Column("contact_phone", ("Điện thoại", "Số điện thoại", "phone"), 40, 18),
    Column("contact_email", ("Thư điện tử", "Email", "e-mail"), 200, 28),
    Column("organ_id", ("Mã định danh điện tử", "Mã định danh", "organ id"), 40, 20),
    Column("mst", ("Mã số thuế", "MST", "tax code"), 40, 16),
    Column("moet", ("Mã trường", "school code"), 40, 14),
)
BY_KEY = {column.key: column for column in COLUMNS}
BY_HEADING = {search_key(heading): column.key for column in COLUMNS for heading in column.headings}
NUMBERS = ("organ_id", "mst", "moet")
"""Identifiers, by their numbering scheme."""
