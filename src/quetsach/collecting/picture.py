"""The pages of a scan as one picture, to be looked at beside the form that is filled in from it.

What a stranger sent is opened in a process of its own, with limits of memory and processor time, and what
comes out is drawn anew: nothing of the file itself reaches a browser.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quetsach.collecting.paper import FileProblem

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PAGES = 6
WIDTH = 1400
"""Pixels; the hand on a page of A4 can be read at 120 dots an inch."""
_LONGEST = 20
"""Seconds."""
_MOST_MEMORY = 2 << 30
_MOST_PIXELS = 100_000_000
_KINDS = ("JPEG", "PNG", "GIF", "TIFF", "BMP")


def draw(data: bytes) -> bytes:
    """The first MOST_PAGES pages of a PDF, or of a picture, one below the other, as JPEG.

    Raises FileProblem: `damaged` for what cannot be drawn within the limits.
    """
    command = [sys.executable, "-I", "-m", __name__]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_LONGEST * 2, check=False)
    except subprocess.TimeoutExpired as error:
        raise FileProblem("damaged") from error
    if done.returncode != 0 or not done.stdout:
        raise FileProblem("damaged")
    return done.stdout


def _drawn(data: bytes) -> bytes:
    from PIL import Image

    pages = list(_pages_of_pdf(data) if b"%PDF-" in data[:1024] else _pages_of_picture(data))
    sheet = Image.new("RGB", (WIDTH, sum(page.height for page in pages)), "white")
    top = 0
    for page in pages:
        sheet.paste(page, (0, top))
        top += page.height
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()


def _pages_of_pdf(data: bytes) -> Iterator[Image]:
    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:
        for number in range(min(len(document), MOST_PAGES)):
            page = document[number]
            yield _fitted(page.render(scale=WIDTH / page.get_width()).to_pil())


def _pages_of_picture(data: bytes) -> Iterator[Image]:
    from PIL import Image, ImageSequence

    # Else Pillow only warns of a picture that unpacks to gigabytes.
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2
    with Image.open(io.BytesIO(data), formats=_KINDS) as opened:
        for _number, page in zip(range(MOST_PAGES), ImageSequence.Iterator(opened), strict=False):
            yield _fitted(page)


def _fitted(page: Image) -> Image:
    """As wide as the sheet and the right way up; a strip that is far too long is pressed together."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(page).convert("RGB")
    height = min(max(1, round(upright.height * WIDTH / upright.width)), WIDTH * 3)
    return upright.resize((WIDTH, height))


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST, _LONGEST))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # It writes no file but its answer, which is a pipe.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    _limit()
    sys.stdout.buffer.write(_drawn(sys.stdin.buffer.read()))
