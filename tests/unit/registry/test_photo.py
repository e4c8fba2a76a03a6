"""Photos of doors: small, upright, and without anything but pixels."""

import io
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from registry.photo import KEPT, SIDE, PhotoError, rewrite

LEFT_TO_RIGHT = 6  # EXIF orientation: the telephone was held upright
GPS = 0x8825


def picture(size=(1920, 1280), kind="JPEG", **saved):
    """A picture that is red above and blue below, as a file."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0], size[1] // 2))
    out = io.BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def from_a_telephone():
    exif = Image.Exif()
    exif[0x0112] = LEFT_TO_RIGHT
    exif[0x010F] = "Maker"
    exif.get_ifd(GPS)[1] = "N"
    return picture(exif=exif, comment=b"who took it")


def test_a_photo_is_made_small_and_says_neither_where_nor_by_whom_it_was_taken():
    given_to_us = from_a_telephone()
    assert b"Maker" in given_to_us
    made = rewrite(given_to_us)
    image = Image.open(io.BytesIO(made))
    assert (image.format, max(image.size)) == ("JPEG", SIDE)
    assert len(made) <= KEPT
    assert not image.getexif()
    assert not {"exif", "comment", "icc_profile"} & set(image.info)
    assert b"Maker" not in made
    assert b"who took it" not in made


def test_a_photo_that_was_taken_upright_stands_upright():
    image = Image.open(io.BytesIO(rewrite(from_a_telephone())))
    assert image.size == (853, SIDE)
    assert image.getpixel((800, 600))[0] > 200  # what lay above in the file is on the right
    assert image.getpixel((50, 600))[2] > 200


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_become_jpeg(kind):
    assert rewrite(picture((640, 480), kind)).startswith(b"\xff\xd8")


def test_a_noisy_photo_is_kept_within_its_bytes():
    noise = Image.effect_noise((1280, 1280), 200).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=95)
    assert len(rewrite(out.getvalue())) <= KEPT


def png_bomb(side=60_000):
    """A PNG of a few kilobytes that would unpack to gigabytes."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    body = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<svg onload='alert(1)'/>", b"GIF89a" + bytes(100), b"%!PS-Adobe-3.0\n(%pipe%id) (w) file\n",
        picture()[:4000], png_bomb(), bytes(9 << 20), b"<html>" + picture((10, 10)),
    ],
    ids=["empty", "svg", "gif", "postscript", "cut short", "bomb", "too long", "html before it"],
)  # fmt: skip
def test_a_hostile_or_broken_file_is_refused_with_a_reason(data):
    with pytest.raises(PhotoError):
        rewrite(data)


def test_what_hangs_behind_a_picture_does_not_come_along():
    assert b"<script>" not in rewrite(picture((100, 100)) + b"<script>alert(1)</script>")


@given(st.binary(max_size=300), st.integers(0, 600))
def test_a_picture_with_anything_written_over_it_is_taken_or_refused_never_a_crash(noise, at):
    data = bytearray(picture((40, 40)))
    data[at : at + len(noise)] = noise
    with suppress(PhotoError):
        assert rewrite(bytes(data)).startswith(b"\xff\xd8")
