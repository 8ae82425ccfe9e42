"""A photo is kept upright and legible, without the telephone's metadata; hostile files are refused."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image, ImageChops, ImageStat

from quetsach.files import photo
from tests import pictures


def test_place_device_and_owner_are_gone_and_the_sheet_is_upright_and_legible() -> None:
    came = pictures.from_telephone()
    assert Image.open(io.BytesIO(came)).getexif().get_ifd(0x8825), "the test's photo knows the place"
    kept = photo.clean(came)
    with Image.open(io.BytesIO(kept)) as shown:
        assert shown.format == "JPEG" and not shown.getexif() and not shown.getexif().get_ifd(0x8825)
        assert {"exif", "comment", "xmp", "icc_profile"}.isdisjoint(shown.info)
        assert shown.size == (1200, 1600)
        away = ImageChops.difference(shown.convert("RGB"), pictures.sheet())
    assert max(ImageStat.Stat(away).mean) < 4, "of 255: the same sheet, turned as the telephone said"
    for told in (pictures.OWNER, pictures.PLACE, b"Exif", b"xmpmeta", b"Model X"):
        assert told in came and told not in kept
    assert photo.clean(came) == kept, "the same file twice is kept once"


def test_a_png_stays_one_to_the_pixel_and_loses_its_texts() -> None:
    came = pictures.png()
    kept = photo.clean(came)
    assert kept.startswith(b"\x89PNG") and pictures.seen(kept) == pictures.seen(came)
    assert pictures.OWNER in came and pictures.OWNER not in kept


def test_a_large_photo_is_made_smaller_and_a_transparent_one_lies_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGB", (6000, 3000), "white").save(out, "JPEG")
    assert pictures.seen(photo.clean(out.getvalue()))[0] == (4096, 2048)
    out = io.BytesIO()
    Image.new("RGBA", (2, 1), (0, 0, 0, 0)).save(out, "PNG")
    assert pictures.seen(photo.clean(out.getvalue())) == ((2, 1), b"\xff" * 6)


def bomb() -> bytes:
    """A PNG of 60,000 times 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    side = (60_000).to_bytes(4, "big")
    head = chunk(b"IHDR", side + side + b"\x08\x02\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")


def test_the_largest_that_a_telephone_takes_is_kept() -> None:
    """It fills a quarter of a reader's memory, and each step over the whole picture takes another quarter."""
    out = io.BytesIO()
    Image.new("RGB", (8000, 6000), "white").save(out, "JPEG")
    assert pictures.seen(photo.clean(out.getvalue()))[0] == (4096, 3072)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xd8\xff\xe0 made up", b"\x89PNG\r\n\x1a\n" + b"0" * 50, bomb(),
        pictures.from_telephone()[:20_000], b"%PDF-1.7", b"GIF89a" + bytes(100),
        b"\x89PNG\r\n\x1a\n<script>", b"%!PS-Adobe-3.0 EPSF-3.0",
    ],
    ids=["empty", "made up", "zeros", "bomb", "cut off", "pdf", "gif", "script", "eps"],
)  # fmt: skip
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(photo.PhotoError):
        photo.clean(data)
