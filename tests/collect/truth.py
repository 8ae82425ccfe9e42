"""The tree of the hand-made annexes, and a person's reading of each annex."""

from dataclasses import dataclass, field

TOP = "UBND huyện Phong Thổ"
COMMUNES = (
    "Thị trấn Phong Thổ", "Xã Bản Lang", "Xã Dào San", "Xã Hoang Thèn", "Xã Huổi Luông", "Xã Khổng Lào",
    "Xã Lản Nhì Thàng", "Xã Ma Li Pho", "Xã Mồ Sì San", "Xã Mù Sang", "Xã Mường So", "Xã Nậm Xe",
    "Xã Pa Vây Sử", "Xã Sì Lở Lầu", "Xã Sin Suối Hồ", "Xã Tung Qua Lìn", "Xã Vàng Ma Chải",
)  # fmt: skip
OFFICES = (
    "Văn phòng HĐND-UBND huyện", "Phòng Nội vụ", "Phòng Tư pháp", "Phòng Giáo dục và Đào tạo",
    "Phòng Tài chính - Kế hoạch", "Phòng Y tế", "Phòng Dân tộc", "Phòng Văn hóa và Thông tin",
    "Phòng Tài nguyên và Môi trường", "Phòng Kinh tế và Hạ tầng", "Phòng Lao động - Thương binh và Xã hội",
    "Thanh tra huyện", "Phòng Nông nghiệp và Phát triển nông thôn", "Trường THCS Hòa Bình",
    "Trường THPT Hòa Bình",
)  # fmt: skip
UNITS = (*COMMUNES, *OFFICES)

type Four = tuple[int | None, int | None, int | None, int | None]


@dataclass(frozen=True)
class Truth:
    """A person's reading of one annex.

    `doubts` are the expected (field, code); `state` is the annex's fate.
    """

    file: str
    unit: str | None
    figures: Four
    doubts: frozenset[tuple[str, str]] = frozenset()
    state: str = "counted"
    proposals: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A file, and either its annexes or the reason why it has none."""

    name: str
    data: bytes
    truths: tuple[Truth, ...] = ()
    problem: str = ""


def one(
    name: str,
    data: bytes,
    unit: str | None,
    figures: Four,
    *doubts: tuple[str, str],
    state: str = "counted",
    **more: object,
) -> Made:
    return Made(name, data, (Truth(name, unit, figures, frozenset(doubts), state, **more),))  # type: ignore[arg-type]
