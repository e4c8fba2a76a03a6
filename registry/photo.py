"""A photo of a door, written anew: what a telephone adds (place, time, owner) or hides in a file stays out."""

import io

from PIL import Image, ImageOps

LARGEST = 8 << 20  # bytes that are taken
PIXELS_MAXIMUM = 50_000_000  # a telephone's; a picture of more is refused before it is unpacked
SIDE = 1280  # pixels of the longer side that are kept
KEPT = 400_000  # bytes, as the database has it
QUALITIES = (82, 70, 55, 40)
FORMATS = ("JPEG", "PNG", "WEBP")


class PhotoError(ValueError):
    """The file is no photo that can be kept; the message says why."""


def rewrite(data: bytes) -> bytes:
    """JPEG of at most KEPT bytes and SIDE pixels, upright; raises PhotoError."""
    if len(data) > LARGEST:
        raise PhotoError(f"it has {len(data)} bytes; {LARGEST} are the most")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            wide, high = image.size
            plain = _small(image) if wide * high <= PIXELS_MAXIMUM else None
    except Exception as error:  # whatever a broken or hostile file makes the decoder stumble over
        raise PhotoError(f"it is no JPEG, PNG or WebP that can be read ({type(error).__name__})") from None
    if plain is None:
        raise PhotoError(f"it has {wide} × {high} pixels; {PIXELS_MAXIMUM} in all are the most")
    return _packed(plain)


def _small(image: Image.Image) -> Image.Image:
    image.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is unpacked at a part of its size
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((SIDE, SIDE))
    return upright.convert("RGB")


def _packed(image: Image.Image) -> bytes:
    bare = Image.new("RGB", image.size)
    bare.paste(image)  # pixels alone: `info` of the one that was read may carry profiles and comments
    for quality in QUALITIES:
        out = io.BytesIO()
        bare.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= KEPT:
            return out.getvalue()
    raise PhotoError("it can't be made small enough")
