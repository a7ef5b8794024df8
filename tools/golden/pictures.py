"""Golden pixels of decoded pictures, from Pillow: writes pictures.json beside this file. Run: python3 pictures.py (Pillow 12).

A case: {"name", "file": the picture's bytes, "rgb" and "grey": what convert("RGB") and convert("L") give, "width", "height"};
bytes are in base64.
"""

import base64
import io
import json
import pathlib

from PIL import Image

WIDTH, HEIGHT = 11, 7
CASES = []


def pixels(channels):
    """A smooth pattern, so that lossy formats stay small."""
    return bytes(
        (37 * c + 17 * x + 11 * y * (c + 1) + (x * y) % 13) % 256
        for y in range(HEIGHT)
        for x in range(WIDTH)
        for c in range(channels)
    )


def picture(mode):
    return Image.frombytes(mode, (WIDTH, HEIGHT), pixels(len(mode)))


def base64_text(data):
    return base64.b64encode(data).decode()


def case(name, image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    opened = Image.open(stream)
    CASES.append(
        {
            "name": name,
            "file": base64_text(stream.getvalue()),
            "width": opened.width,
            "height": opened.height,
            "rgb": base64_text(opened.convert("RGB").tobytes()),
            "grey": base64_text(opened.convert("L").tobytes()),
        }
    )


rgb = picture("RGB")
rotated = Image.Exif()
rotated[0x112] = 6
case("RGB JPEG", rgb, "JPEG", quality=90, subsampling=0)
case("RGB JPEG, 4:2:0", rgb, "JPEG", quality=80, subsampling=2)
case("progressive JPEG", rgb, "JPEG", progressive=True)
case("JPEG with EXIF orientation", rgb, "JPEG", exif=rotated)
case("grey JPEG", picture("L"), "JPEG")
case("CMYK JPEG", picture("CMYK"), "JPEG", quality=95)
case("RGB PNG", rgb, "PNG")
case("RGBA PNG", picture("RGBA"), "PNG")
case("grey PNG", picture("L"), "PNG")
case("grey PNG with alpha", picture("LA"), "PNG")
case("palette PNG", rgb.quantize(16), "PNG")
case("palette PNG with transparency", rgb.quantize(16), "PNG", transparency=3)
case("1-bit PNG", picture("L").convert("1"), "PNG")
case("WebP", rgb, "WEBP", quality=90)
case("lossless WebP with alpha", picture("RGBA"), "WEBP", lossless=True)
case("GIF", rgb.quantize(16), "GIF")
case("TIFF", rgb, "TIFF")
case("TIFF with LZW", rgb, "TIFF", compression="tiff_lzw")
case("CMYK TIFF", picture("CMYK"), "TIFF")

pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(CASES, indent=1) + "\n")
