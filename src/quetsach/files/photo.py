"""A photo of a paper, fit to be kept: the picture alone, upright, without the metadata of the telephone.

Place, device, time and whatever else came with the file stay behind: the picture is drawn anew, in a process
of its own with limits of memory and processor time, and nothing of the file itself is kept.
"""

from __future__ import annotations

import io

from quetsach.files import bounded_process

LONGEST = 4096
"""Pixels of the longer side; a signature on a sheet of A4 is readable at a third of that."""
_MOST_PIXELS = 100_000_000
_KINDS = ("JPEG", "PNG")
_SMOOTH = {"L", "RGB", "RGBA", "CMYK"}
"""Modes of pictures that can be scaled directly; pixels of other modes are numbers of colours."""


class PhotoError(ValueError):
    """The file cannot be opened as a JPEG or PNG picture, or not within the limits."""


@bounded_process.bounded(
    seconds=20,
    refused=lambda _error: PhotoError("cannot be opened as a picture"),
    imports=("PIL.ImageOps", *(f"PIL.{kind}ImagePlugin" for kind in ("Bmp", "Gif", "Jpeg", "Png", "Ppm"))),
)
def clean(data: bytes) -> bytes:
    """The picture as JPEG, or as PNG if it was one. The same file gives the same bytes. Raises PhotoError."""
    from PIL import Image, ImageOps

    # Without this Pillow only warns of a picture that unpacks to gigabytes.
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2
    with Image.open(io.BytesIO(data), formats=_KINDS) as opened:
        is_png = opened.format == "PNG"
        opened.load()
        if opened.mode in _SMOOTH:
            # Made small first: each later step copies the whole picture.
            opened.thumbnail((LONGEST, LONGEST))
        try:
            upright = ImageOps.exif_transpose(opened)
        except Exception:  # the metadata is damaged: the picture itself is whole
            upright = opened
        shown = upright.convert("RGBA")
    shown.thumbnail((LONGEST, LONGEST))
    # Drawn onto a new image: a picture that was opened keeps its metadata when it is saved.
    sheet = Image.new("RGB", shown.size, "white")
    sheet.paste(shown, mask=shown)
    out = io.BytesIO()
    sheet.save(out, "PNG" if is_png else "JPEG", quality=88, optimize=False)
    return out.getvalue()
