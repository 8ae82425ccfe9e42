"""The pages of a scan as one picture, shown beside the form while a person fills it in.

A stranger's file is opened in a process of its own, with limits of memory and processor time, and the result
is drawn anew: no byte of the file itself reaches a browser.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from quetsach.annexes.collecting.paper import FileProblem
from quetsach.files import bounded_process

if TYPE_CHECKING:
    from PIL.Image import Image

AT_ONCE = 6
"""Pages in one picture."""
MOST_PAGES = 60
"""Pages of one scan that are shown at all."""
WIDTH = 1400
"""Pixels; handwriting on a page of A4 is readable at 120 dots an inch."""
_MOST_PIXELS = 100_000_000
_KINDS = ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP")
_SMOOTH = {"L", "RGB", "RGBA", "CMYK"}
"""Modes of pictures that can be scaled directly; pixels of other modes are numbers of colours."""
_ORIENTATION = 0x0112
"""The Exif tag for the telephone's orientation."""
_PAPER, _DARKEST = 150, 24
"""Brightness (of 255) of a sheet's brightest hundredth: from the first on no brightening is needed, below the
second none helps."""
_MANY = {"TIFF", "GIF"}
"""Kinds whose further pictures are pages; in other kinds they are a telephone's depth map or brighter
copy."""


def pages_of_tiff(data: bytes) -> int:
    """The number of pages in a TIFF, as fax machines send it; 1 for other files."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return 1
    seen: set[int] = set()
    try:
        (place,) = struct.unpack_from(f"{order}I", data, 4)
        while place and place not in seen and len(seen) < MOST_PAGES:
            seen.add(place)
            (fields,) = struct.unpack_from(f"{order}H", data, place)
            (place,) = struct.unpack_from(f"{order}I", data, place + 2 + 12 * fields)
    except struct.error:
        pass
    return max(1, len(seen))


def can_be_opened(data: bytes) -> bool:
    """Whether the first page of a picture can be opened within the limits of `draw`.

    True as well where nobody looked: the time of the request is used up, or Pillow is not installed.
    Raises BusyError.
    """
    try:
        return _open_first(data)
    except bounded_process.BusyError:
        raise
    except bounded_process.SpentError:
        return True
    except bounded_process.NotReadError:
        return False


@bounded_process.bounded(
    seconds=20, imports=tuple(f"PIL.{kind}ImagePlugin" for kind in ("Bmp", "Gif", "Jpeg", "Png", "Ppm"))
)
def _open_first(data: bytes) -> bool:
    try:
        from PIL import Image
    except ImportError:
        return True
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2
    with Image.open(io.BytesIO(data), formats=_KINDS) as opened:
        # A JPEG is read to its end at an eighth of its size, which takes a fraction of the time.
        opened.draft(None, (opened.width // 8, opened.height // 8))
        opened.load()
    return True


@bounded_process.bounded(
    seconds=20,
    refused=lambda _error: FileProblem("damaged"),
    imports=(
        "pypdfium2",
        *("PIL.ImageChops", "PIL.ImageOps", "PIL.ImageSequence"),
        *(f"PIL.{kind}ImagePlugin" for kind in ("Bmp", "Gif", "Jpeg", "Png", "Ppm")),
    ),
)
def draw(data: bytes, first: int = 1) -> bytes:
    """AT_ONCE pages of a PDF or of a picture, from page `first` on, one below the other, as JPEG.

    Raises FileProblem: `damaged` for a file that cannot be drawn within the limits, and beyond the last page.
    """
    from PIL import Image

    pages_of = _pages_of_pdf if b"%PDF-" in data[:1024] else _pages_of_picture
    pages = list(pages_of(data, range(first - 1, min(first - 1 + AT_ONCE, MOST_PAGES))))
    if not pages:
        raise ValueError("no such page")
    sheet = Image.new("RGB", (WIDTH, sum(page.height for page in pages)), "white")
    top = 0
    for page in pages:
        sheet.paste(page, (0, top))
        top += page.height
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()


def _pages_of_pdf(data: bytes, wanted: range) -> Iterator[Image]:
    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:
        for number in wanted[: max(0, len(document) - wanted.start)]:
            page = document[number]
            yield _fitted(page.render(scale=WIDTH / page.get_width()).to_pil())


def _pages_of_picture(data: bytes, wanted: range) -> Iterator[Image]:
    from PIL import Image, ImageSequence

    # Without this Pillow only warns of a picture that unpacks to gigabytes.
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2
    with Image.open(io.BytesIO(data), formats=_KINDS) as opened:
        last = wanted.stop if opened.format in _MANY else 1
        for page in islice(ImageSequence.Iterator(opened), wanted.start, last):
            yield _fitted(page)


def _fitted(page: Image) -> Image:
    """Scale the page to the width of the sheet and turn it upright; a strip that is far too long is
    squeezed."""
    from PIL import ImageOps

    page.load()
    if page.mode in _SMOOTH and (times := page.width // (2 * WIDTH)) > 1:
        # Made small first: each later step copies the whole page.
        small = page.reduce(times)
        small.getexif()[_ORIENTATION] = page.getexif().get(_ORIENTATION, 1)
        page = small
    upright = ImageOps.exif_transpose(page).convert("RGB")
    height = min(max(1, round(upright.height * WIDTH / upright.width)), WIDTH * 3)
    return _lit(upright.resize((WIDTH, height)))


def _lit(page: Image) -> Image:
    """A sheet photographed in a dark room, brightened to paper white."""
    tones = page.convert("L").histogram()
    left = WIDTH * page.height // 100
    for tone in range(255, 0, -1):
        left -= tones[tone]
        if left < 0:
            break
    if tone >= _PAPER:
        return page
    return page.point([min(255, value * 255 // max(tone, _DARKEST)) for value in range(256)] * 3)
