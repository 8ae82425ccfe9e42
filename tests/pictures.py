"""Pictures like a telephone's: turned by metadata, with place, device and owner in it."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfWriter

OWNER, PLACE = b"Vang A Sung's phone", b"22.5347N 103.2969E"


def sheet(width: int = 1200, height: int = 1600) -> Image.Image:
    """A white sheet with a black bar at its head, and lines like handwriting."""
    page = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, width, height // 10), fill="black")
    for row in range(3, 20):
        y = row * height // 21
        pen.line(
            [(x, y + (x * 7 + row * 13) % 23) for x in range(width // 12, width - width // 12, 9)], "navy", 3
        )
    return page


def paper(title: str = "") -> bytes:
    """A PDF of one empty page, like a scanner's picture without text; another title makes another file."""
    writer = PdfWriter()
    writer.add_blank_page(200, 280)
    writer.add_metadata({"/Title": title})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def from_telephone() -> bytes:
    """A JPEG that lies on its side, with the metadata to turn it, and with EXIF, XMP and a comment."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110], exif[0x013B] = 6, "Maker", "Model X", OWNER.decode()
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (22.0, 32.0, 5.0), "E", (103.0, 17.0, 49.0)
    exif[0x010E] = PLACE.decode()
    out = io.BytesIO()
    turned = sheet().transpose(Image.Transpose.ROTATE_90)
    turned.save(
        out, "JPEG", quality=90, exif=exif, comment=OWNER, xmp=b"<x:xmpmeta>" + PLACE + b"</x:xmpmeta>"
    )
    return out.getvalue()


def png() -> bytes:
    """A PNG with the owner in a text of its own."""
    told, out = PngInfo(), io.BytesIO()
    told.add_text("Author", OWNER.decode())
    sheet(60, 80).save(out, "PNG", pnginfo=told)
    return out.getvalue()


def seen(data: bytes) -> tuple[tuple[int, int], bytes]:
    """The visible picture, without its metadata."""
    with Image.open(io.BytesIO(data)) as opened:
        shown = opened.convert("RGB")
    return shown.size, shown.tobytes()
