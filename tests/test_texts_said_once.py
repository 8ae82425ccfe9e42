"""A translation that was pasted behind itself is found: readers would see the sentence twice, glued."""

import pytest
from tools.messages import says_twice


@pytest.mark.parametrize(
    ("text", "is_twice"),
    [
        ("Đơn vị chưa báo gì không tính.Đơn vị chưa báo gì không tính.", True),
        ("Danh sách mới ngắn hơn %(n)s lần.Danh sách mới ngắn hơn %(n)s lần.", True),
        ("Chưa có máy nào Chưa có máy nào ", True),
        ("Hãy ký. Gửi các tệp này đi. Rồi ghi nhận. Gửi các tệp này đi.", True),
        ("Hãy ký và gửi các tệp này, rồi ghi nhận đã gửi.", False),
        ("Tải về. Mở tệp bằng Word. Tải về.", False),
        ("Chưa xem: %(n)s máy. Đã xem: %(n)s máy.", False),
    ],
)
def test_a_sentence_told_twice_is_seen(text: str, is_twice: bool) -> None:
    assert says_twice(text) == is_twice
