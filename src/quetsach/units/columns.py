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
    """`headings`: the first is written, in a file in English `english`; all are read, with any case and
    marks."""

    key: str
    headings: tuple[str, ...]
    length: int
    width: int
    english: str


COLUMNS = (
    Column("id", ("Mã hệ thống (giữ nguyên)", "Mã hệ thống", "id"), 36, 14, "System id (leave as it is)"),
    Column("name", ("Tên đơn vị", "Tên", "Đơn vị", "name", "unit"), 200, 42, "Name of the unit"),
    Column("kind", ("Loại", "Loại đơn vị", "kind"), 60, 22, "Kind of unit"),
    Column(
        "parent",
        ("Thuộc đơn vị", "Đơn vị cấp trên", "Cấp trên", "parent", "superior"),
        2000,
        42,
        "Superior unit",
    ),
    Column("short_name", ("Tên ngắn", "Tên viết tắt", "short name"), 60, 16, "Short name"),
    Column("doc_abbr", ("Ký hiệu văn bản", "Ký hiệu", "abbreviation"), 30, 14, "Abbreviation in documents"),
    Column("code", ("Mã hành chính", "Mã đơn vị hành chính", "Mã", "code"), 20, 12, "Administrative code"),
    Column("staff_count", ("Số người", "Số cán bộ", "Biên chế", "staff"), 12, 10, "Number of staff"),
    Column("contact_name", ("Người liên hệ", "Đầu mối", "contact"), 100, 24, "Contact person"),
    Column("contact_phone", ("Điện thoại", "Số điện thoại", "phone"), 40, 18, "Phone number"),
    Column("contact_email", ("Thư điện tử", "Email", "e-mail"), 200, 28, "E-mail address"),
    Column("organ_id", ("Mã định danh điện tử", "Mã định danh", "organ id"), 40, 20, "Electronic identifier"),
    Column("mst", ("Mã số thuế", "MST", "tax code"), 40, 16, "Tax code of the unit"),
    Column("moet", ("Mã trường", "school code"), 40, 14, "Code of the school"),
)
BY_KEY = {column.key: column for column in COLUMNS}
BY_HEADING = {
    search_key(heading): column.key for column in COLUMNS for heading in (*column.headings, column.english)
}
NUMBERS = ("organ_id", "mst", "moet")
"""Identifiers, by their numbering scheme."""
