"""Photographs and scans of annexes, drawn for a person to read."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageStat

from quetsach.annexes.collecting import messages, reading
from quetsach.annexes.collecting.files import picture
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.files import bounded_process


def _jpeg(of: Image.Image, **more: object) -> bytes:
    out = io.BytesIO()
    of.save(out, "JPEG", quality=95, **more)
    return out.getvalue()


def test_a_sheet_photographed_in_the_dark_is_as_bright_as_paper():
    sheet = Image.new("RGB", (300, 400), (60, 58, 55))
    sheet.paste((8, 8, 8), (50, 100, 250, 110))
    shown = Image.open(io.BytesIO(picture.draw(_jpeg(sheet)))).convert("L")
    assert shown.getpixel((shown.width // 2, 50)) > 230
    assert shown.getpixel((shown.width // 2, shown.height * 105 // 400)) < 60


def test_what_a_telephone_keeps_beside_its_photograph_is_no_page():
    photo, depth = Image.new("RGB", (300, 400), "white"), Image.new("RGB", (30, 40), "black")
    out = io.BytesIO()
    photo.save(out, "MPO", save_all=True, append_images=[depth])
    shown = Image.open(io.BytesIO(picture.draw(out.getvalue())))
    assert shown.height == pytest.approx(shown.width * 4 / 3, abs=2)
    assert ImageStat.Stat(shown.convert("L")).mean[0] > 250


def _png(size: tuple[int, int], mode: str = "L") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 1).save(out, "PNG")
    return out.getvalue()


def _claims(data: bytes, width: int, height: int) -> bytes:
    """A PNG whose head says another size, with the checksum of it."""
    head = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_jpeg(Image.effect_noise((900, 600), 90)), "scan"),
        (_png((400, 500)), "scan"),
        (_jpeg(Image.effect_noise((900, 600), 90))[:30_000], "picture"),
        (_png((400, 500))[:-40], "picture"),
        (_claims(_png((40, 50)), 60_000, 60_000), "picture"),
        (b"\x89PNG" + bytes(200), "picture"),
    ],
    ids=["jpeg", "png", "jpeg cut off", "png cut off", "3600 million pixels", "only its begin"],
)
def test_a_picture_is_called_a_scan_only_if_it_can_be_opened(data, code):
    with pytest.raises(FileProblem) as caught:
        reading.read(data)
    assert caught.value.code == code
    if code == "picture":
        assert "cannot be opened" in messages.problem(caught.value, "en")
        assert "gửi lại" in messages.problem(caught.value, "vi")


def test_a_picture_that_no_time_is_left_for_is_left_to_who_looks_at_it():
    cut = _png((400, 500))[:-40]
    with bounded_process.visit(0.0):
        assert picture.can_be_opened(cut)
    assert not picture.can_be_opened(cut)


def _tiff(order: str, nexts: list[int]) -> bytes:
    """Directories of 18 bytes each from byte 8 on, every one with the place of the next."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    return head + b"".join(struct.pack(f"{order}H12xI", 1, after) for after in nexts)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pages_of_a_fax(order):
    assert picture.pages_of_tiff(_tiff(order, [26, 44, 0])) == 3


@pytest.mark.parametrize("nexts", [[26, 8], [8], [9999]], ids=["in a ring", "itself", "beyond the end"])
def test_a_hostile_chain_of_pages_ends(nexts):
    assert 1 <= picture.pages_of_tiff(_tiff("<", nexts)) <= 2


def test_a_jpeg_is_one_page():
    assert picture.pages_of_tiff(b"\xff\xd8\xff") == 1
