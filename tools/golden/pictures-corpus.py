"""A corpus of small pictures and what Pillow makes of each: writes pictures-corpus.json.gz beside this file.

Run: python3 pictures-corpus.py (Pillow 12.3, numpy). All formats, depths, kinds of colours, damages and forms of EXIF data.
A case: {"name", "file": the picture's bytes, "error": Pillow's, or "width", "height", "mode", "rgb", "grey":
the pixels that convert("RGB") and convert("L") give, "turned": {"width", "height", "rgb"} after ImageOps.exif_transpose, if that
is another picture}. Files are in base64; pixels are the first 16 digits of their SHA-256, those of AVIF in base64.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageFile, ImageOps

warnings.simplefilter("ignore")
WIDTH, HEIGHT = 21, 14
CASES = {}


def text(data):
    return base64.b64encode(data).decode()


def pixels_of(image, form):
    data = image.tobytes()
    return text(data) if form == "AVIF" else hashlib.sha256(data).hexdigest()[:16]


def answer(data):
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            mode = opened.mode
            found = {"width": opened.width, "height": opened.height, "mode": mode, "format": opened.format}
            found["rgb"] = pixels_of(opened.convert("RGB"), opened.format)
            found["grey"] = pixels_of(opened.convert("L"), opened.format)
        with Image.open(io.BytesIO(data)) as opened:
            turned = ImageOps.exif_transpose(opened)
            pixels = pixels_of(turned.convert("RGB"), opened.format)
        if pixels != found["rgb"] or turned.width != found["width"]:
            found["turned"] = {"width": turned.width, "height": turned.height, "rgb": pixels}
        return found
    except Exception as error:  # whatever Pillow raises is its answer
        return {"error": type(error).__name__}


def answer_apart(data):
    """The answer of a process of its own: some damage makes libtiff write beyond its memory."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(sending, "w") as stream:
            stream.write(json.dumps(answer(data)))
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as stream:
        found = stream.read()
    _, status = os.waitpid(child, 0)
    return json.loads(found) if status == 0 else {"error": "a crash"}


def add(name, data):
    assert name not in CASES, name
    CASES[name] = {"name": name, "file": text(bytes(data)), **answer_apart(bytes(data))}
    return bytes(data)


def pixels(channels, bits=8, width=WIDTH, height=HEIGHT):
    """A smooth pattern, so that lossy formats stay small, [height, width, channels]."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    values = 40 * c + 9 * x + 12 * y * (c % 2 + 1) + (x * y) % 7
    if bits == 8:
        return (values % 256).astype(np.uint8)
    return (values * 211 % 65536).astype(np.uint16)


def picture(mode):
    channels = pixels(len(Image.new(mode, (1, 1)).getbands()))
    return Image.frombytes(mode, (WIDTH, HEIGHT), channels.tobytes())


def saved(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


RGB, GREY, RGBA, LA, CMYK = (picture(mode) for mode in ("RGB", "L", "RGBA", "LA", "CMYK"))
PALETTE = RGB.quantize(16)
BITS = GREY.convert("1")


def damaged(name, data, positions=(0.35, 0.6, 0.8, 0.95)):
    """The file cut off, with one byte changed, and with zeros, at several places."""
    for at in positions:
        place = int(len(data) * at)
        add(f"{name}, cut at {at}", data[:place])
        changed = bytearray(data)
        changed[place] ^= 0x55
        add(f"{name}, a byte changed at {at}", changed)
    zeros = bytearray(data)
    place = int(len(data) * 0.6)
    zeros[place : place + 12] = bytes(len(zeros[place : place + 12]))
    add(f"{name}, zeros at 0.6", zeros)
    add(f"{name}, the last byte missing", data[:-1])
    add(f"{name}, bytes after its end", data + b"and some more")


# ---- TIFF

CODES = {"B": 1, "A": 2, "H": 3, "I": 4, "R": 5, "Q": 16}


def lzw(data):
    """What a program that never looks back would write: a clear code now and then, and literals of 9 bits."""
    codes = []
    for i, byte in enumerate(data):
        if i % 200 == 0:
            codes.append(256)
        codes.append(byte)
    codes.append(257)
    bits = "".join(f"{code:09b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def packbits(data):
    return b"".join(bytes([len(part) - 1]) + part for part in (data[i : i + 100] for i in range(0, len(data), 100)))


PACKERS = {1: bytes, 5: lzw, 8: zlib.compress, 32946: zlib.compress, 32773: packbits}


def tiff(parts, tags, order="<", big=False, tiled=False):
    """A TIFF file of packed strips or tiles and tags {number: (kind, values)}, the directory first."""
    tags = dict(tags)
    offsets, counts = (324, 325) if tiled else (273, 279)
    tags.setdefault(offsets, ("I", [0] * len(parts)))
    tags.setdefault(counts, ("I", [len(part) for part in parts]))
    width = 8 if big else 4
    head = (b"II" if order == "<" else b"MM") + (
        struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    )
    size = len(head) + (8 + 20 * len(tags) + 8 if big else 2 + 12 * len(tags) + 4)
    extra = b""
    places = {}

    def encode(kind, values):
        if kind in "BA":
            return bytes(values)
        if kind == "R":
            return b"".join(struct.pack(order + "II", *value) for value in values)
        return struct.pack(order + kind * len(values), *values)

    for number, (kind, values) in sorted(tags.items()):
        data = encode(kind, values)
        if len(data) > width:
            places[number] = size + len(extra)
            extra += data + bytes(len(data) % 2)
    start = size + len(extra)
    at = start
    positions = []
    for part in parts:
        positions.append(at)
        at += len(part)
    if tags[offsets][1] == [0] * len(parts):
        tags[offsets] = ("I", positions)
    entries = b""
    for number, (kind, values) in sorted(tags.items()):
        data = encode(kind, values)
        entries += struct.pack(order + ("HHQ" if big else "HHI"), number, CODES[kind], len(values))
        if number in places:
            if number == offsets:
                extra = extra[: places[number] - size] + data + extra[places[number] - size + len(data) :]
            entries += struct.pack(order + ("Q" if big else "I"), places[number])
        else:
            entries += data + bytes(width - len(data))
    directory = struct.pack(order + ("Q" if big else "H"), len(tags)) + entries + bytes(width)
    return head + directory + extra + b"".join(parts)


def simple_tiff(
    array, photometric, compression=1, bits=None, order="<", rows=5, predictor=1, planar=1, tags=None, tile=None, **more
):
    """Strips or tiles of an array [height, width, channels]; `more` goes to `tiff`."""
    height, width, channels = array.shape
    bits = bits or array.dtype.itemsize * 8
    typed = array.astype(array.dtype.newbyteorder(order))

    def packed(part):
        if predictor == 2:
            before = part.copy()
            part = part.copy()
            part[:, 1:] = before[:, 1:] - before[:, :-1]
            part = part.astype(array.dtype.newbyteorder(order))
        if bits < 8:
            flat = part.reshape(part.shape[0], -1)
            lines = []
            for line in flat:
                line_bits = "".join(f"{value:0{bits}b}" for value in line)
                line_bits += "0" * (-len(line_bits) % 8)
                lines.append(bytes(int(line_bits[i : i + 8], 2) for i in range(0, len(line_bits), 8)))
            return PACKERS[compression](b"".join(lines))
        return PACKERS[compression](part.tobytes())

    planes = [typed] if planar == 1 else [typed[:, :, c : c + 1] for c in range(channels)]
    parts = []
    for plane in planes:
        if tile:
            for top in range(0, height, tile):
                for left in range(0, width, tile):
                    block = np.zeros((tile, tile, plane.shape[2]), typed.dtype)
                    inside = plane[top : top + tile, left : left + tile]
                    block[: inside.shape[0], : inside.shape[1]] = inside
                    parts.append(packed(block))
        else:
            parts += [packed(plane[top : top + rows]) for top in range(0, height, rows)]
    entries = {
        256: ("H", [width]),
        257: ("H", [height]),
        258: ("H", [bits] * channels),
        259: ("H", [compression]),
        262: ("H", [photometric]),
        277: ("H", [channels]),
        284: ("H", [planar]),
        **({317: ("H", [predictor])} if predictor != 1 else {}),
        **({322: ("H", [tile]), 323: ("H", [tile])} if tile else {278: ("H", [rows])}),
        **(tags or {}),
    }
    return tiff(parts, {k: v for k, v in entries.items() if v}, order, tiled=bool(tile), **more)


def tiff_cases():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "jpeg", "zstd", "lzma"):
        for image in (RGB, GREY, RGBA, CMYK, LA, PALETTE, BITS):
            if image.mode not in {"jpeg": ("RGB", "L")}.get(compression, image.mode):
                continue
            name = f"TIFF, Pillow's {compression}, {image.mode}"
            data = saved(image, "TIFF", compression=compression)
            add(name, data)
            if image.mode == "RGB" or (image.mode == "L" and compression == "raw"):
                damaged(name, data, (0.4, 0.7))
    for compression in ("tiff_ccitt", "group3", "group4"):
        data = saved(BITS, "TIFF", compression=compression)
        add(f"TIFF, {compression}", data)
        add(f"TIFF, {compression}, cut", data[: len(data) * 3 // 4])
    for compression in PACKERS:
        for order in "<>":
            add(f"TIFF {compression}{order}", simple_tiff(pixels(3), 2, compression, order=order))
        data = simple_tiff(pixels(3), 2, compression)
        damaged(f"TIFF {compression}, directory first", data, (0.5, 0.75))
        add(f"TIFF {compression}, tiled", simple_tiff(pixels(3), 2, compression, tile=16))
        add(f"TIFF {compression}, tiled, cut", simple_tiff(pixels(3), 2, compression, tile=16)[:-300])
        add(f"TIFF {compression}, planes", simple_tiff(pixels(3), 2, compression, planar=2))
        add(f"TIFF {compression}, planes, cut", simple_tiff(pixels(3), 2, compression, planar=2)[:-200])
        add(f"TIFF {compression}, planes in tiles", simple_tiff(pixels(3), 2, compression, planar=2, tile=16))
        add(f"TIFF {compression}, predictor", simple_tiff(pixels(3), 2, compression, predictor=2))
        add(f"TIFF {compression}, tiled, predictor", simple_tiff(pixels(3), 2, compression, predictor=2, tile=16))
        add(f"TIFF {compression}, BigTIFF", simple_tiff(pixels(3), 2, compression, big=True))
    for bits in (1, 2, 4):
        grey = pixels(1) >> (8 - bits)
        for photometric in (0, 1):
            add(f"TIFF grey of {bits} bits, {photometric}", simple_tiff(grey, photometric, bits=bits))
            add(f"TIFF grey of {bits} bits, {photometric}, deflate", simple_tiff(grey, photometric, 8, bits=bits))
        colours = [(97 * i + 31 * c) * 257 % 65536 for c in range(3) for i in range(2**bits)]
        add(f"TIFF palette of {bits} bits", simple_tiff(grey, 3, bits=bits, tags={320: ("H", colours)}))
    add("TIFF bits of filled order", simple_tiff(pixels(1) >> 7, 1, bits=1, tags={266: ("H", [2])}))
    add("TIFF bytes of filled order", simple_tiff(pixels(1), 1, tags={266: ("H", [2])}))
    colours = [(97 * i + 31 * c) * 257 % 65536 for c in range(3) for i in range(256)]
    add("TIFF palette of 8 bits", simple_tiff(pixels(1), 3, tags={320: ("H", colours)}))
    small = [(97 * i + 31 * c) % 256 for c in range(3) for i in range(256)]
    add("TIFF palette of 8-bit colours", simple_tiff(pixels(1), 3, tags={320: ("H", small)}))
    add("TIFF palette too short", simple_tiff(pixels(1), 3, tags={320: ("H", colours[:300])}))
    add("TIFF palette missing", simple_tiff(pixels(1), 3))
    add("TIFF white is 0", simple_tiff(pixels(1), 0))
    add("TIFF white is 0, LZW", simple_tiff(pixels(1), 0, 5))
    for order in "<>":
        for photometric in (0, 1):
            name = f"TIFF grey of 16 bits{order}, {photometric}"
            add(name, simple_tiff(pixels(1, 16), photometric, order=order))
            add(f"{name}, small values", simple_tiff(pixels(1, 16) % 300, photometric, order=order))
        add(f"TIFF grey of 16 bits, deflate{order}", simple_tiff(pixels(1, 16), 1, 8, order=order))
        add(f"TIFF grey of 16 bits, predictor{order}", simple_tiff(pixels(1, 16), 1, 8, order=order, predictor=2))
        add(f"TIFF RGB of 16 bits{order}", simple_tiff(pixels(3, 16), 2, order=order))
        add(f"TIFF RGB of 16 bits, LZW{order}", simple_tiff(pixels(3, 16), 2, 5, order=order))
        add(f"TIFF RGBA of 16 bits{order}", simple_tiff(pixels(4, 16), 2, order=order, tags={338: ("H", [2])}))
        add(f"TIFF CMYK of 16 bits{order}", simple_tiff(pixels(4, 16), 5, order=order))
        add(f"TIFF CMYK of 16 bits, deflate{order}", simple_tiff(pixels(4, 16), 5, 8, order=order))
        add(f"TIFF grey and alpha of 16 bits{order}", simple_tiff(pixels(2, 16), 1, order=order, tags={338: ("H", [2])}))
    for dtype, sample in (
        ("int8", 2),
        ("int16", 2),
        ("int32", 2),
        ("uint32", 1),
        ("float32", 3),
        ("float64", 3),
        ("float16", 3),
        ("uint64", 1),
    ):
        for compression in (1, 8):
            name = f"TIFF grey {dtype}, {compression}"
            values = pixels(1).astype(dtype) * (1 if dtype != "float32" else np.float32(0.7))
            add(name, simple_tiff(values.astype(dtype), 1, compression, tags={339: ("H", [sample])}))
        add(f"TIFF RGB {dtype}", simple_tiff(pixels(3).astype(dtype), 2, tags={339: ("H", [sample] * 3)}))
    large = pixels(1).astype("float32") * 9 - 300
    add("TIFF grey float32, out of range", simple_tiff(large, 1, tags={339: ("H", [3])}))
    add("TIFF grey int32, out of range", simple_tiff(large.astype("int32"), 1, tags={339: ("H", [2])}))
    add("TIFF grey int16, out of range", simple_tiff(large.astype("int16"), 1, tags={339: ("H", [2])}))
    for kind in (0, 1, 2, 3):
        add(f"TIFF 4 samples, extra {kind}", simple_tiff(pixels(4), 2, tags={338: ("H", [kind])}))
        add(f"TIFF 4 samples, extra {kind}, deflate", simple_tiff(pixels(4), 2, 8, tags={338: ("H", [kind])}))
        add(f"TIFF 4 planes, extra {kind}", simple_tiff(pixels(4), 2, planar=2, tags={338: ("H", [kind])}))
        add(f"TIFF grey, extra {kind}", simple_tiff(pixels(2), 1, tags={338: ("H", [kind])}))
        add(f"TIFF CMYK, extra {kind}", simple_tiff(pixels(5), 5, tags={338: ("H", [kind])}))
    add("TIFF 4 samples, extra not said", simple_tiff(pixels(4), 2))
    add("TIFF 2 samples, extra not said", simple_tiff(pixels(2), 1))
    add("TIFF 5 samples", simple_tiff(pixels(5), 2, tags={338: ("H", [0, 0])}))
    add("TIFF 6 samples", simple_tiff(pixels(6), 2, tags={338: ("H", [0, 0, 0])}))
    add("TIFF 5 samples, alpha", simple_tiff(pixels(5), 2, tags={338: ("H", [2, 0])}))
    add("TIFF palette and alpha", simple_tiff(pixels(2), 3, tags={320: ("H", colours), 338: ("H", [2])}))
    for photometric in (4, 5, 6, 8, 9, 32803, 32844):
        for channels in (1, 3, 4):
            add(f"TIFF photometric {photometric}, {channels} samples", simple_tiff(pixels(channels), photometric))
    for subsampling in ((1, 1), (2, 2), (2, 1)):
        add(f"TIFF YCbCr {subsampling}", simple_tiff(pixels(3), 6, tags={530: ("H", subsampling)}))
        add(f"TIFF YCbCr {subsampling}, LZW", simple_tiff(pixels(3), 6, 5, tags={530: ("H", subsampling)}))
    add("TIFF LAB, deflate", simple_tiff(pixels(3), 8, 8))
    add("TIFF CMYK, LZW, predictor", simple_tiff(pixels(4), 5, 5, predictor=2))
    add("TIFF CMYK, planes", simple_tiff(pixels(4), 5, planar=2))
    add("TIFF CMYK, other inks", simple_tiff(pixels(4), 5, tags={332: ("H", [2])}))
    for orientation in range(10):
        tags = {274: ("H", [orientation])}
        add(f"TIFF turned {orientation}", simple_tiff(pixels(3), 2, tags=tags))
        if orientation in (0, 2, 6, 8, 9):
            add(f"TIFF turned {orientation}, tiles", simple_tiff(pixels(3), 2, 8, tile=16, tags=tags))
            add(f"TIFF turned {orientation}, grey of 16 bits", simple_tiff(pixels(1, 16), 1, tags=tags))
            add(f"TIFF turned {orientation}, CMYK", simple_tiff(pixels(4), 5, tags=tags))
            add(f"TIFF turned {orientation}, LZW", simple_tiff(pixels(3), 2, 5, tags=tags))
    add("TIFF turned, of type I", simple_tiff(pixels(3), 2, tags={274: ("I", [6])}))
    add("TIFF turned, two values", simple_tiff(pixels(3), 2, tags={274: ("H", [6, 3])}))
    add("TIFF turned by XMP", simple_tiff(pixels(3), 2, tags={700: ("B", xmp(6))}))
    one = simple_tiff(pixels(3), 2)
    add("TIFF without rows per strip", simple_tiff(pixels(3), 2, rows=HEIGHT, tags={278: None}))
    add("TIFF without byte counts", without_tag(one, 279))
    add("TIFF without offsets", without_tag(one, 273))
    add("TIFF without photometric", simple_tiff(pixels(3), 2, tags={262: None}))
    add("TIFF without compression", simple_tiff(pixels(3), 2, tags={259: None}))
    add("TIFF without bits", simple_tiff(pixels(1), 1, tags={258: None}))
    add("TIFF without samples", simple_tiff(pixels(3), 2, tags={277: None}))
    add("TIFF one bits value for three", simple_tiff(pixels(3), 2, tags={258: ("H", [8])}))
    add("TIFF bits 5, 6, 5", simple_tiff(pixels(3), 2, tags={258: ("H", [5, 6, 5])}))
    add("TIFF bits 8, 8, 16", simple_tiff(pixels(3), 2, tags={258: ("H", [8, 8, 16])}))
    add("TIFF unknown tag", simple_tiff(pixels(3), 2, tags={50000: ("H", [1])}))
    add("TIFF with a resolution", simple_tiff(pixels(3), 2, tags={282: ("R", [(72, 1)]), 296: ("H", [2])}))
    add("TIFF with a wrong compression", simple_tiff(pixels(3), 2, tags={259: ("H", [8])}))
    for compression in (0, 6, 34661, 34712, 34892, 50000, 50001, 50002, 34925, 999):
        add(f"TIFF compression {compression}", simple_tiff(pixels(3), 2, tags={259: ("H", [compression])}))
    counts = [5 * WIDTH * 3, 5 * WIDTH * 3, 4 * WIDTH * 3]
    add("TIFF strip counts too small", simple_tiff(pixels(3), 2, tags={279: ("I", [n - 20 for n in counts])}))
    add("TIFF strip counts too large", simple_tiff(pixels(3), 2, tags={279: ("I", [n + 20 for n in counts])}))
    add("TIFF strip counts zero", simple_tiff(pixels(3), 2, tags={279: ("I", [0, 0, 0])}))
    add("TIFF a strip offset of 0", simple_tiff(pixels(3), 2, tags={273: ("I", [300, 0, 700])}))
    add("TIFF a strip beyond the end", simple_tiff(pixels(3), 2, tags={273: ("I", [300, 600, 70000])}))
    add("TIFF fewer strips than rows", simple_tiff(pixels(3), 2, tags={257: ("H", [HEIGHT + 9])}))
    add("TIFF more strips than rows", simple_tiff(pixels(3), 2, tags={257: ("H", [HEIGHT - 9])}))
    add("TIFF wider than its strips", simple_tiff(pixels(3), 2, tags={256: ("H", [WIDTH + 9])}))
    add("TIFF narrower than its strips", simple_tiff(pixels(3), 2, tags={256: ("H", [WIDTH - 9])}))
    add("TIFF wider, deflate", simple_tiff(pixels(3), 2, 8, tags={256: ("H", [WIDTH + 9])}))
    add("TIFF wider, LZW", simple_tiff(pixels(3), 2, 5, tags={256: ("H", [WIDTH + 9])}))
    add("TIFF narrower, deflate", simple_tiff(pixels(3), 2, 8, tags={256: ("H", [WIDTH - 9])}))
    add("TIFF predictor 3", simple_tiff(pixels(3), 2, 8, tags={317: ("H", [3])}))
    add("TIFF predictor 9", simple_tiff(pixels(3), 2, 8, tags={317: ("H", [9])}))
    add("TIFF without a directory", b"II*\0\x08\0\0\0")
    add("TIFF whose directory is beyond it", b"II*\0\x08\0\1\0" + bytes(40))
    stack = io.BytesIO()
    RGB.save(stack, "TIFF", save_all=True, append_images=[GREY.convert("RGB")])
    add("TIFF of two pages", stack.getvalue())
    add("TIFF of two pages, cut in the second", stack.getvalue()[:-300])
    add("TIFF with a profile", saved(RGB, "TIFF", icc_profile=PROFILE))
    add("TIFF of subfile type 1", simple_tiff(pixels(3), 2, tags={254: ("I", [1])}))


def without_tag(data, number):
    changed = bytearray(data)
    count = struct.unpack_from("<H", data, 8)[0]
    for i in range(count):
        at = 10 + 12 * i
        if struct.unpack_from("<H", data, at)[0] == number:
            struct.pack_into("<H", changed, at, 65000)
    return bytes(changed)


# ---- EXIF and XMP

PROFILE = None


def exif(orientation=6, kind="H", order="<", values=None, next_tags=True):
    """A block of EXIF data: a TIFF header and a directory with an orientation."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    values = values if values is not None else [orientation]
    data = b"".join(struct.pack(order + kind, value) for value in values)
    code = {"H": 3, "I": 4, "B": 1, "h": 8, "i": 9}[kind]
    entry = struct.pack(order + "HHI", 0x112, code, len(values)) + data[:4].ljust(4, b"\0")
    tags = [struct.pack(order + "HHI", 0x10F, 2, 4) + b"abc\0", entry] if next_tags else [entry]
    return head + struct.pack(order + "H", len(tags)) + b"".join(tags) + struct.pack(order + "I", 0)


def xmp(orientation, attribute=True):
    field = f'tiff:Orientation="{orientation}"' if attribute else ""
    inner = "" if attribute else f"<tiff:Orientation>{orientation}</tiff:Orientation>"
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {field}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def segment(code, data):
    return bytes([0xFF, code]) + struct.pack(">H", len(data) + 2) + data


def with_segments(jpeg, *segments):
    """The segments behind the first one, JFIF's."""
    length = struct.unpack(">H", jpeg[4:6])[0]
    return jpeg[: 4 + length] + b"".join(segments) + jpeg[4 + length :]


XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
EXIF_HEAD = b"Exif\0\0"


def exif_blocks():
    """EXIF data by name, good and bad."""
    blocks = {f"orientation {n}": exif(n) for n in range(10)}
    blocks |= {f"orientation {n}, MM": exif(n, order=">") for n in (3, 6)}
    blocks |= {f"orientation of type {kind}": exif(6, kind) for kind in "IBhi"}
    blocks["orientation 65535"] = exif(65535)
    blocks["two orientations"] = exif(values=[6, 3])
    blocks["no orientation at all"] = exif(values=[])
    blocks["only orientation"] = exif(6, next_tags=False)
    blocks["cut in the directory"] = exif(6)[:20]
    blocks["cut behind the header"] = exif(6)[:8]
    blocks["a wrong byte order"] = b"XX" + exif(6)[2:]
    blocks["a wrong magic number"] = exif(6)[:2] + b"\x2b\0" + exif(6)[4:]
    blocks["an offset beyond it"] = exif(6)[:4] + struct.pack("<I", 5000) + exif(6)[8:]
    blocks["too many entries"] = exif(6)[:8] + struct.pack("<H", 200) + exif(6)[10:]
    blocks["a bad entry before"] = exif(6).replace(struct.pack("<HHI", 0x10F, 2, 4), struct.pack("<HHI", 0x10F, 2, 9999))
    blocks["an unknown type before"] = exif(6).replace(
        struct.pack("<HHI", 0x10F, 2, 4), struct.pack("<HHI", 0x10F, 99, 4)
    )
    blocks["empty"] = b""
    return blocks


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, data) for name, data in chunks)


def png_chunks(data):
    at = 8
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0]
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def with_chunk(png, before, name, data):
    """A PNG with one more chunk before that called `before`."""
    chunks = []
    for chunk in png_chunks(png):
        if chunk[0] == before:
            chunks.append((name, data))
        chunks.append(chunk)
    return png_of(*chunks)


def exif_cases():
    jpeg = saved(RGB, "JPEG", quality=85)
    png = saved(RGB, "PNG")
    webp = saved(RGB, "WEBP", quality=80)
    for name, block in exif_blocks().items():
        add(f"EXIF {name}, JPEG", with_segments(jpeg, segment(0xE1, EXIF_HEAD + block)))
        add(f"EXIF {name}, PNG", with_chunk(png, b"IDAT", b"eXIf", block))
        add(f"EXIF {name}, WebP", webp_with(webp, [(b"EXIF", block)]))
        add(f"EXIF {name}, WebP, JPEG's header", webp_with(webp, [(b"EXIF", EXIF_HEAD + block)]))
    app1 = segment(0xE1, EXIF_HEAD + exif(6))
    add("EXIF header twice", with_segments(jpeg, segment(0xE1, EXIF_HEAD * 2 + exif(6))))
    add("EXIF header three times", with_segments(jpeg, segment(0xE1, EXIF_HEAD * 3 + exif(6))))
    add("EXIF segments 6 and 3", with_segments(jpeg, app1, segment(0xE1, EXIF_HEAD + exif(3))))
    add("EXIF segments 3 and 6", with_segments(jpeg, segment(0xE1, EXIF_HEAD + exif(3)), app1))
    add("EXIF the same twice", with_segments(jpeg, app1, app1))
    add("EXIF in two parts", with_segments(jpeg, app1[:10].replace(b"E", b"E"), segment(0xE1, EXIF_HEAD + exif(6)[12:])))
    block = exif(6)
    parts = [segment(0xE1, EXIF_HEAD + part) for part in (block[:16], block[16:])]
    add("EXIF continued in a second segment", with_segments(jpeg, *parts))
    add("EXIF a bad one before", with_segments(jpeg, segment(0xE1, EXIF_HEAD + b"xx"), app1))
    add("EXIF with a byte of 1 in its head", with_segments(jpeg, segment(0xE1, b"Exif\0\1" + exif(6))))
    add("EXIF with a small head", with_segments(jpeg, segment(0xE1, b"exif\0\0" + exif(6))))
    add("EXIF in APP2", with_segments(jpeg, segment(0xE2, EXIF_HEAD + exif(6))))
    add("EXIF before JFIF", jpeg[:2] + app1 + jpeg[2:])
    add("EXIF behind the tables", jpeg.replace(b"\xff\xda", app1 + b"\xff\xda", 1))
    add("EXIF behind padding", with_segments(jpeg, b"\xff\xff" + app1))
    grey = saved(GREY, "JPEG")
    add("EXIF in a grey JPEG", with_segments(grey, app1))
    add("EXIF in a CMYK JPEG", saved(CMYK, "JPEG", exif=exif(6)))
    add("EXIF in a progressive JPEG", saved(RGB, "JPEG", progressive=True, exif=EXIF_HEAD + exif(8)))
    for orientation in ("1", "3", "6", "8", "9", "0", "x"):
        for attribute in (True, False):
            packet = xmp(orientation, attribute)
            form = "attribute" if attribute else "element"
            name = f"XMP {orientation} as an {form}"
            add(f"{name}, JPEG", with_segments(jpeg, segment(0xE1, XMP_HEAD + packet)))
            if orientation not in "36":
                continue
            itxt = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
            add(f"{name}, PNG", with_chunk(png, b"IDAT", b"iTXt", itxt))
            add(f"{name}, PNG, late", with_chunk(png, b"IEND", b"iTXt", itxt))
            add(f"{name}, WebP", webp_with(webp, [(b"XMP ", packet)]))
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(6))
    add("XMP packed, PNG", with_chunk(png, b"IDAT", b"iTXt", packed))
    add("XMP 3 and EXIF 6", with_segments(jpeg, app1, segment(0xE1, XMP_HEAD + xmp(3))))
    add("XMP 3 and EXIF 1", with_segments(jpeg, segment(0xE1, EXIF_HEAD + exif(1)), segment(0xE1, XMP_HEAD + xmp(3))))
    nothing = segment(0xE1, EXIF_HEAD + exif(values=[]))
    add("XMP 3 and EXIF without orientation", with_segments(jpeg, nothing, segment(0xE1, XMP_HEAD + xmp(3))))
    add("XMP 3 and bad EXIF", with_segments(jpeg, segment(0xE1, EXIF_HEAD + b"xx"), segment(0xE1, XMP_HEAD + xmp(3))))
    add("XMP in two segments", with_segments(jpeg, *(segment(0xE1, XMP_HEAD + xmp(n)) for n in (6, 3))))
    add("EXIF late, PNG", with_chunk(png, b"IEND", b"eXIf", exif(6)))
    add("EXIF late, with JPEG's header, PNG", with_chunk(png, b"IEND", b"eXIf", EXIF_HEAD + exif(6)))
    add("EXIF with JPEG's header, PNG", with_chunk(png, b"IDAT", b"eXIf", EXIF_HEAD + exif(6)))
    both = with_chunk(with_chunk(png, b"IDAT", b"eXIf", exif(6)), b"IEND", b"eXIf", exif(3))
    add("EXIF twice, PNG", both)
    hexed = b"\nexif\n    %d\n%s\n" % (len(exif(6)) + 6, (EXIF_HEAD + exif(6)).hex().encode())
    raw = b"Raw profile type exif\0"
    add("EXIF as a raw profile, zTXt, PNG", with_chunk(png, b"IDAT", b"zTXt", raw + b"\0" + zlib.compress(hexed)))
    add("EXIF as a raw profile, tEXt, PNG", with_chunk(png, b"IDAT", b"tEXt", raw + hexed))
    app1_hexed = b"\nAPP1\n    %d\n%s\n" % (len(exif(6)) + 6, (EXIF_HEAD + exif(6)).hex().encode())
    add("EXIF as a raw APP1, PNG", with_chunk(png, b"IDAT", b"tEXt", b"Raw profile type APP1\0" + app1_hexed))
    bad_crc = bytearray(with_chunk(png, b"IDAT", b"eXIf", exif(6)))
    bad_crc[bad_crc.index(b"eXIf") + 12] ^= 1
    add("EXIF with a bad checksum, PNG", bad_crc)
    add("EXIF without its flag, WebP", webp_with(webp, [(b"EXIF", exif(6))], flags=0))
    add("EXIF twice, WebP", webp_with(webp, [(b"EXIF", exif(6)), (b"EXIF", exif(3))]))
    for orientation in (1, 3, 5, 6, 8):
        add(f"EXIF {orientation}, AVIF", saved(RGB, "AVIF", quality=90, exif=EXIF_HEAD + exif(orientation)))
        add(f"irot or imir {orientation}, AVIF", saved(RGB, "AVIF", quality=90, exif=tiff_exif(orientation)))
    add("EXIF in an animation, WebP", saved(RGB, "WEBP", save_all=True, append_images=[GREY.convert("RGB")], exif=exif(6)))


def tiff_exif(orientation):
    block = Image.Exif()
    block[0x112] = orientation
    return block


def webp_with(webp, chunks, flags=None):
    """A simple WebP in the extended form with chunks behind the picture."""
    body = webp[12:]
    bits = flags if flags is not None else sum({b"EXIF": 8, b"XMP ": 4}[name] for name in {name for name, _ in chunks})
    vp8x = struct.pack("<I", bits) + struct.pack("<I", WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3]
    parts = b"VP8X" + struct.pack("<I", 10) + vp8x + body
    for name, data in chunks:
        parts += name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


# ---- JPEG


def jpeg_cases():
    for subsampling in (0, 1, 2):
        for progressive in (False, True):
            options = {"subsampling": subsampling, "progressive": progressive, "quality": 80}
            name = f"JPEG {subsampling}{', progressive' if progressive else ''}"
            data = add(name, saved(RGB, "JPEG", **options))
            if subsampling == 2:
                damaged(name, data, (0.55, 0.75, 0.85, 0.93))
    add("JPEG grey", saved(GREY, "JPEG"))
    damaged("JPEG grey", saved(GREY, "JPEG"), (0.75, 0.9))
    add("JPEG CMYK", saved(CMYK, "JPEG", quality=90))
    damaged("JPEG CMYK", saved(CMYK, "JPEG", quality=90), (0.75, 0.9))
    cmyk = saved(CMYK, "JPEG", quality=90)
    add("JPEG YCCK", patch_adobe(cmyk, 2))
    add("JPEG CMYK without Adobe's segment", without_adobe(cmyk))
    add("JPEG RGB, Adobe transform 0", with_segments(saved(RGB, "JPEG"), segment(0xEE, adobe(0))))
    add("JPEG RGB, Adobe transform 1", with_segments(saved(RGB, "JPEG"), segment(0xEE, adobe(1))))
    add("JPEG RGB, Adobe transform 2", with_segments(saved(RGB, "JPEG"), segment(0xEE, adobe(2))))
    bare = saved(RGB, "JPEG", quality=85)
    add("JPEG without JFIF", bare[:2] + bare[20:])
    add("JPEG kept in RGB", saved(RGB, "JPEG", quality=85, keep_rgb=True))
    add("JPEG with restarts", saved(RGB, "JPEG", restart_marker_blocks=1))
    damaged("JPEG with restarts", saved(RGB, "JPEG", restart_marker_blocks=1), (0.8, 0.9))
    add("JPEG with optimised tables", saved(RGB, "JPEG", optimize=True))
    add("JPEG with a comment", saved(RGB, "JPEG", comment=b"a comment"))
    add("JPEG quality 1", saved(RGB, "JPEG", quality=1))
    add("JPEG quality 100", saved(RGB, "JPEG", quality=100, subsampling=0))
    sof = bare.index(b"\xff\xc0")
    for code, name in ((0xC1, "extended"), (0xC3, "lossless"), (0xC5, "differential"), (0xC9, "arithmetic"), (0xC7, "C7")):
        changed = bytearray(bare)
        changed[sof + 1] = code
        add(f"JPEG {name}", changed)
    for precision in (12, 16, 2):
        changed = bytearray(bare)
        changed[sof + 4] = precision
        add(f"JPEG of {precision} bits", changed)
        changed[sof + 1] = 0xC1
        add(f"JPEG of {precision} bits, extended", changed)
        changed[sof + 1] = 0xC3
        add(f"JPEG of {precision} bits, lossless", changed)
    for components in (2, 5, 0):
        changed = bytearray(bare)
        changed[sof + 9] = components
        add(f"JPEG of {components} components", changed)
    for width, height in ((0, HEIGHT), (WIDTH, 0), (WIDTH + 20, HEIGHT), (WIDTH, HEIGHT + 40)):
        changed = bytearray(bare)
        struct.pack_into(">HH", changed, sof + 5, height, width)
        add(f"JPEG saying {width}x{height}", changed)
    add("JPEG without an end", bare[:-2])
    add("JPEG whose end is earlier", bare[: len(bare) - 30] + b"\xff\xd9")
    add("JPEG with bytes before its end", bare[:-2] + bytes(20) + b"\xff\xd9")
    add("JPEG cut, with bytes of an end within", bare[: len(bare) - 60] + b"\xff\xd9\xff\xd9")
    add("JPEG two in one", bare + bare)
    add("JPEG cut, then another", bare[: len(bare) - 60] + bare)
    start = bare.index(b"\xff\xda")
    add("JPEG without a scan", bare[:start] + b"\xff\xd9")
    add("JPEG with an empty scan", bare[: start + 14] + b"\xff\xd9")
    add("JPEG headers alone", bare[:start])
    add("JPEG without tables", bare[:20] + bare[sof:])
    dht = bare.index(b"\xff\xc4")
    add("JPEG without Huffman tables", bare[:dht] + bare[start:])
    add("JPEG with a profile of nonsense", with_segments(bare, segment(0xE2, b"ICC_PROFILE\0\1\1" + b"nonsense" * 5)))
    add("JPEG with a thumbnail", thumbnailed(bare))
    add("JPEG with a thumbnail, cut", thumbnailed(bare)[:-60])
    add("MPO", mpo())
    add("MPO, cut in the second", mpo()[:-40])
    add("JPEG beginning with padding", bare[:2] + b"\xff\xff" + bare[2:])
    add("JPEG with rubbish between segments", with_segments(bare, b"\0\0rubbish"))
    add("JPEG of 1x1", saved(RGB.crop((0, 0, 1, 1)), "JPEG"))
    wide = saved(RGB.resize((40, 30)), "JPEG", subsampling=2, quality=70)
    add("JPEG of 40x30", wide)
    damaged("JPEG of 40x30", wide, (0.6, 0.7, 0.9))


def mpo():
    stream = io.BytesIO()
    RGB.save(stream, "MPO", save_all=True, append_images=[GREY.convert("RGB")])
    return stream.getvalue()


def adobe(transform):
    return b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)


def patch_adobe(jpeg, transform):
    changed = bytearray(jpeg)
    changed[jpeg.index(b"Adobe") + 11] = transform
    return bytes(changed)


def without_adobe(jpeg):
    at = jpeg.index(b"Adobe") - 4
    return jpeg[:at] + jpeg[at + 16 :]


def thumbnailed(jpeg):
    return with_segments(jpeg, segment(0xE1, EXIF_HEAD + exif(1) + saved(RGB.resize((8, 6)), "JPEG")))


# ---- PNG


def filtered(array, bits=8):
    lines = []
    for line in array.reshape(array.shape[0], -1):
        if bits < 8:
            line_bits = "".join(f"{value:0{bits}b}" for value in line)
            line_bits += "0" * (-len(line_bits) % 8)
            line = bytes(int(line_bits[i : i + 8], 2) for i in range(0, len(line_bits), 8))
            lines.append(b"\0" + line)
        else:
            lines.append(b"\0" + line.astype(line.dtype.newbyteorder(">")).tobytes())
    return b"".join(lines)


def header(kind, bits, interlace=0, width=WIDTH, height=HEIGHT):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlace)


def raw_png(array, kind, bits, *before):
    return png_of(header(kind, bits), *before, (b"IDAT", zlib.compress(filtered(array, bits))), (b"IEND", b""))


def adam7(array):
    parts = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = array[y0::dy, x0::dx]
        if part.size:
            parts += filtered(part)
    return parts


def png_cases():
    for image in (RGB, RGBA, GREY, LA, PALETTE, BITS):
        data = add(f"PNG {image.mode}", saved(image, "PNG"))
        if image.mode in ("RGB", "P"):
            damaged(f"PNG {image.mode}", data)
    palette = bytes((97 * i + 31 * c) % 256 for i in range(256) for c in range(3))
    for bits in (1, 2, 4, 8):
        values = pixels(1) >> (8 - bits)
        add(f"PNG grey of {bits} bits", raw_png(values, 0, bits))
        add(f"PNG grey of {bits} bits, transparent", raw_png(values, 0, bits, (b"tRNS", b"\0\1")))
        full = (b"PLTE", palette[: 3 * 2**bits])
        add(f"PNG palette of {bits} bits", raw_png(values, 3, bits, full))
        add(f"PNG palette of {bits} bits, transparent", raw_png(values, 3, bits, full, (b"tRNS", b"\0\x80")))
        add(f"PNG palette of {bits} bits, short", raw_png(values, 3, bits, (b"PLTE", palette[: 3 * 2 ** (bits - 1)])))
    for kind, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        values = pixels(channels, 16)
        add(f"PNG of 16 bits, kind {kind}", raw_png(values, kind, 16))
        add(f"PNG of 16 bits, kind {kind}, small values", raw_png(values % 300, kind, 16))
        add(f"PNG of 16 bits, kind {kind}, near halves", raw_png((pixels(channels).astype("uint16") * 257) ^ 0x80, kind, 16))
        interlaced = zlib.compress(adam7(pixels(channels)))
        add(f"PNG interlaced, kind {kind}", png_of(header(kind, 8, 1), (b"IDAT", interlaced), (b"IEND", b"")))
        short = interlaced[: len(interlaced) // 2]
        add(f"PNG interlaced, kind {kind}, too short", png_of(header(kind, 8, 1), (b"IDAT", short), (b"IEND", b"")))
    add("PNG of 16 bits, grey, transparent", raw_png(pixels(1, 16), 0, 16, (b"tRNS", b"\0\1")))
    add("PNG RGB, transparent", raw_png(pixels(3), 2, 8, (b"tRNS", b"\0\1\0\2\0\3")))
    add("PNG RGB of 16 bits, transparent", raw_png(pixels(3, 16), 2, 16, (b"tRNS", b"\0\1\0\2\0\3")))
    add("PNG palette missing", raw_png(pixels(1), 3, 8))
    for name, chunk in {
        "gamma": (b"gAMA", struct.pack(">I", 100000)),
        "gamma 45455": (b"gAMA", struct.pack(">I", 45455)),
        "sRGB": (b"sRGB", b"\0"),
        "chromaticities": (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        "background": (b"bKGD", b"\0\1\0\2\0\3"),
        "significant bits": (b"sBIT", b"\5\6\5"),
        "a profile of nonsense": (b"iCCP", b"x\0\0" + zlib.compress(b"nonsense")),
        "cICP": (b"cICP", b"\x09\x10\0\1"),
        "resolution": (b"pHYs", struct.pack(">IIB", 100, 300, 1)),
        "an unknown chunk": (b"abCd", b"1234"),
        "an unknown critical chunk": (b"ABCD", b"1234"),
        "a bad date": (b"tIME", b"12345"),
    }.items():
        add(f"PNG with {name}", raw_png(pixels(3), 2, 8, chunk))
    rows = filtered(pixels(3))
    packed = zlib.compress(rows)
    end = (b"IEND", b"")
    thirds = [(b"IDAT", packed[i : i + 50]) for i in range(0, len(packed), 50)]
    add("PNG in many parts", png_of(header(2, 8), *thirds, end))
    add("PNG with an empty part", png_of(header(2, 8), (b"IDAT", b""), (b"IDAT", packed), end))
    add("PNG with a chunk between its parts", png_of(header(2, 8), *thirds[:1], (b"tEXt", b"a\0b"), *thirds[1:], end))
    add("PNG with too few rows", png_of(header(2, 8), (b"IDAT", zlib.compress(rows[: len(rows) // 2])), end))
    add("PNG with half a row", png_of(header(2, 8), (b"IDAT", zlib.compress(rows[:-30])), end))
    add("PNG with too many rows", png_of(header(2, 8), (b"IDAT", zlib.compress(rows + rows)), end))
    add("PNG with a stream cut off", png_of(header(2, 8), (b"IDAT", packed[:-40]), end))
    add("PNG with a stream without its checksum", png_of(header(2, 8), (b"IDAT", packed[:-4]), end))
    add("PNG with a stream of a wrong checksum", png_of(header(2, 8), (b"IDAT", packed[:-1] + b"!"), end))
    add("PNG with a wrong filter", png_of(header(2, 8), (b"IDAT", zlib.compress(b"\x07" + rows[1:])), end))
    add("PNG without data", png_of(header(2, 8), end))
    add("PNG without an end", png_of(header(2, 8), (b"IDAT", packed)))
    add("PNG with two ends", png_of(header(2, 8), (b"IDAT", packed), end, end))
    add("PNG two headers", png_of(header(2, 8), header(2, 8), (b"IDAT", packed), end))
    add("PNG of 0 pixels", png_of(header(2, 8, width=0), (b"IDAT", packed), end))
    add("PNG of kind 1", png_of(header(1, 8), (b"IDAT", packed), end))
    add("PNG of kind 2 with 4 bits", png_of(header(2, 4), (b"IDAT", packed), end))
    add("PNG of interlacing 2", png_of(header(2, 8, 2), (b"IDAT", packed), end))
    good = raw_png(pixels(3), 2, 8)
    for name in (b"IHDR", b"IDAT", b"IEND"):
        at = good.index(name)
        length = struct.unpack_from(">I", good, at - 4)[0]
        changed = bytearray(good)
        changed[at + 4 + length] ^= 1
        add(f"PNG with a wrong checksum of {name.decode()}", changed)
    text_chunk = bytearray(with_chunk(good, b"IDAT", b"tEXt", b"a\0b"))
    text_chunk[text_chunk.index(b"tEXt") + 8] ^= 1
    add("PNG with a wrong checksum of tEXt", text_chunk)
    with_animation = saved(RGB, "PNG", save_all=True, append_images=[GREY.convert("RGB")])
    add("PNG animated", with_animation)
    add("PNG animated, cut in the second frame", with_animation[: len(with_animation) * 3 // 4])
    stream = io.BytesIO()
    RGB.save(stream, "PNG", save_all=True, default_image=True, append_images=[GREY.convert("RGB"), RGB.rotate(180)])
    add("PNG animated with another first picture", stream.getvalue())
    add("PNG of 1x1", saved(RGB.crop((0, 0, 1, 1)), "PNG"))
    add("PNG from CgBI", png_of((b"CgBI", b"\x50\0\x20\x02"), header(2, 8), (b"IDAT", packed[2:-4]), end))


# ---- WebP, GIF, AVIF


def other_cases():
    for name, image, options in (
        ("lossy", RGB, {"quality": 80}),
        ("lossless", RGB, {"lossless": True}),
        ("lossy with alpha", RGBA, {"quality": 80}),
        ("lossless with alpha", RGBA, {"lossless": True}),
        ("lossless with exact alpha", RGBA, {"lossless": True, "exact": True}),
        ("lossy with exact alpha", RGBA, {"quality": 80, "exact": True}),
        ("grey", GREY, {"quality": 80}),
    ):
        data = add(f"WebP {name}", saved(image, "WEBP", **options))
        if "exact" not in name:
            damaged(f"WebP {name}", data, (0.5, 0.85))
    animation = saved(RGB, "WEBP", save_all=True, append_images=[GREY.convert("RGB")])
    add("WebP animated", animation)
    damaged("WebP animated", animation, (0.3, 0.8))
    offset = RGBA.copy()
    offset.paste((0, 0, 0, 0), (0, 0, 9, HEIGHT))
    frames = {"save_all": True, "append_images": [RGBA], "lossless": True}
    add("WebP animated, first frame partly empty", saved(offset, "WEBP", **frames))
    add("WebP animated with a background", saved(offset, "WEBP", background=(200, 10, 30, 255), **frames))
    add("WebP with a wrong size in RIFF", animation[:4] + struct.pack("<I", 40) + animation[8:])
    for image in (RGB, RGBA, GREY, LA):
        data = add(f"AVIF {image.mode}", saved(image, "AVIF", quality=90))
        if image.mode == "RGB":
            damaged("AVIF RGB", data, (0.5, 0.8, 0.9))
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:0:0"):
        add(f"AVIF {subsampling}", saved(RGB, "AVIF", quality=90, subsampling=subsampling))
    add("AVIF full quality", saved(RGB, "AVIF", quality=100, subsampling="4:4:4"))
    add("AVIF limited range", saved(RGB, "AVIF", quality=90, range="limited"))
    add("AVIF animated", saved(RGB, "AVIF", save_all=True, append_images=[GREY.convert("RGB")]))
    gif_cases()


def gif(blocks, size=(WIDTH, HEIGHT), palette=None, background=0, version=b"89a"):
    flags = 0x80 | 0x70 | 3 if palette else 0
    return b"GIF" + version + struct.pack("<HHBBB", *size, flags, background, 0) + (palette or b"") + blocks + b";"


def gif_lzw(values, bits=4):
    """Indices with a clear code before each run of a few, so that codes stay of one length."""
    codes = []
    for i, value in enumerate(values):
        if i % 10 == 0:
            codes.append(1 << bits)
        codes.append(int(value))
    codes.append((1 << bits) + 1)
    stream = 0
    for i, code in enumerate(codes):
        stream |= code << (i * (bits + 1))
    data = stream.to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    return bytes([bits]) + b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)) + b"\0"


def gif_frame(box, values, palette=None, interlaced=False):
    left, top, width, height = box
    flags = (0x80 | 3 if palette else 0) | (0x40 if interlaced else 0)
    return b"," + struct.pack("<HHHHB", left, top, width, height, flags) + (palette or b"") + gif_lzw(values)


def control(transparent=None, disposal=0):
    flags = disposal << 2 | (1 if transparent is not None else 0)
    return b"!\xf9\4" + struct.pack("<BHB", flags, 0, transparent or 0) + b"\0"


def gif_cases():
    colours = bytes((97 * i + 31 * c + 40) % 256 for i in range(16) for c in range(3))
    others = bytes((53 * i + 71 * c + 90) % 256 for i in range(16) for c in range(3))
    values = (pixels(1).ravel() >> 4) % 16
    whole = (0, 0, WIDTH, HEIGHT)
    frame = gif_frame(whole, values)
    good = add("GIF", gif(frame, palette=colours))
    damaged("GIF", good)
    add("GIF 87a", gif(frame, palette=colours, version=b"87a"))
    for transparent in (0, 3, 15, 16, 200):
        add(f"GIF with {transparent} transparent", gif(control(transparent) + frame, palette=colours))
        add(f"GIF with {transparent} transparent, background 5", gif(control(transparent) + frame, palette=colours, background=5))
    small = (4, 3, 9, 7)
    part = (pixels(1, width=9, height=7).ravel() >> 4) % 16
    for background in (0, 5, 15, 77):
        add(f"GIF smaller frame, background {background}", gif(gif_frame(small, part), palette=colours, background=background))
        data = gif(control(5) + gif_frame(small, part), palette=colours, background=background)
        add(f"GIF smaller frame, 5 transparent, background {background}", data)
    for disposal in range(4):
        add(f"GIF smaller frame, disposal {disposal}", gif(control(None, disposal) + gif_frame(small, part), palette=colours))
        add(f"GIF disposal {disposal}, 3 transparent", gif(control(3, disposal) + frame, palette=colours))
    add("GIF with its own palette", gif(gif_frame(whole, values, others), palette=colours))
    add("GIF smaller frame with its own palette", gif(gif_frame(small, part, others), palette=colours, background=5))
    add("GIF smaller frame with only its own palette", gif(gif_frame(small, part, others)))
    add("GIF smaller, own palette, transparent", gif(control(3) + gif_frame(small, part, others), palette=colours, background=5))
    add("GIF with only its own palette", gif(gif_frame(whole, values, others)))
    add("GIF without a palette", gif(frame))
    add("GIF frame beyond its canvas", gif(gif_frame((10, 8, WIDTH, HEIGHT), values), palette=colours))
    add("GIF frame larger than its canvas", gif(frame, size=(9, 7), palette=colours))
    add("GIF of canvas 0", gif(frame, size=(0, 0), palette=colours))
    rows = [y for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(start, HEIGHT, step)]
    laced = values.reshape(HEIGHT, WIDTH)[rows].ravel()
    add("GIF interlaced", gif(gif_frame(whole, laced, interlaced=True), palette=colours))
    second = gif_frame(small, part)
    add("GIF of two frames", gif(frame + second, palette=colours))
    add("GIF of two frames, first transparent", gif(control(3) + frame + control() + second, palette=colours))
    add("GIF of two frames, second cut", gif(frame + second, palette=colours)[:-20])
    add("GIF too few pixels", gif(gif_frame(whole, values[:100]), palette=colours))
    add("GIF too many pixels", gif(gif_frame(whole, np.concatenate([values, values])), palette=colours))
    add("GIF without a frame", gif(b"", palette=colours))
    add("GIF without its end", good[:-1])
    add("GIF with a comment", gif(b"!\xfe\5hello\0" + frame, palette=colours))
    add("GIF with an unknown block", gif(b"\x99" + frame, palette=colours))
    ordinary = saved(PALETTE, "GIF")
    add("GIF of Pillow", ordinary)
    damaged("GIF of Pillow", ordinary, (0.7, 0.9))
    add("GIF grey", saved(GREY, "GIF"))
    add("GIF of Pillow, transparent", saved(PALETTE, "GIF", transparency=2))
    add("GIF of grey colours", gif(frame, palette=bytes(i * 17 for i in range(16) for _ in range(3))))


# ---- BMP and PNM


def bmp(bits, rows, *, height=HEIGHT, width=WIDTH, compression=0, palette=b"", masks=b"", size=40, colours=None, gap=0, extra=b""):
    head = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(rows), 2835, 2835, colours or len(palette) // 4, 0)
    start = 14 + size + len(masks if size == 40 else b"") + len(palette) + gap
    head += (masks if size > 40 else b"").ljust(size - 40, b"\0") + (masks if size == 40 else b"")
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + palette + bytes(gap) + rows + extra


def bmp_rows(array, bits):
    lines = []
    for line in array[::-1].reshape(array.shape[0], -1):
        if bits < 8:
            line_bits = "".join(f"{value:0{bits}b}" for value in line)
            line_bits += "0" * (-len(line_bits) % 8)
            data = bytes(int(line_bits[i : i + 8], 2) for i in range(0, len(line_bits), 8))
        else:
            data = line.tobytes()
        lines.append(data + bytes(-len(data) % 4))
    return b"".join(lines)


def bmp_cases():
    palette = bytes((97 * i + 31 * c) % 256 if c < 3 else 0 for i in range(256) for c in range(4))
    for image in (RGB, RGBA, GREY, PALETTE, BITS):
        data = add(f"BMP of Pillow, {image.mode}", saved(image, "BMP"))
        damaged(f"BMP of Pillow, {image.mode}", data, (0.3, 0.8)) if image.mode in ("RGB", "P") else None
    for bits in (1, 4, 8):
        rows = bmp_rows(pixels(1) >> (8 - bits), bits)
        colours = palette[: 4 * 2**bits]
        add(f"BMP of {bits} bits", bmp(bits, rows, palette=colours))
        add(f"BMP of {bits} bits, from the top", bmp(bits, rows, palette=colours, height=-HEIGHT))
        add(f"BMP of {bits} bits, few colours", bmp(bits, rows, palette=colours[: len(colours) // 2]))
        add(f"BMP of {bits} bits, a gap", bmp(bits, rows, palette=colours, gap=12))
        add(f"BMP of {bits} bits, cut", bmp(bits, rows, palette=colours)[:-20])
        add(f"BMP of {bits} bits, grey colours", bmp(bits, rows, palette=bytes(min(255, i * 255 // (2**bits - 1)) if c < 3 else 0 for i in range(2**bits) for c in range(4))))
    add("BMP of 2 bits", bmp(2, bmp_rows(pixels(1) >> 6, 2), palette=palette[:16]))
    words = pixels(1, 16)
    for size in (40, 52, 56, 108, 124):
        for name, masks in (
            ("565", (0xF800, 0x7E0, 0x1F, 0)),
            ("555", (0x7C00, 0x3E0, 0x1F, 0)),
            ("1555", (0x7C00, 0x3E0, 0x1F, 0x8000)),
            ("4444", (0xF00, 0xF0, 0xF, 0xF000)),
        ):
            fields = struct.pack("<4I", *masks)[: 12 if size in (40, 52) else 16]
            add(f"BMP of 16 bits, {name}, header {size}", bmp(16, bmp_rows(words, 16), compression=3, masks=fields, size=size))
        for name, masks in (
            ("BGRX", (0xFF0000, 0xFF00, 0xFF, 0)),
            ("BGRA", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
            ("RGBX", (0xFF, 0xFF00, 0xFF0000, 0)),
            ("XBGR", (0xFF000000, 0xFF0000, 0xFF00, 0)),
            ("10 bits", (0x3FF00000, 0xFFC00, 0x3FF, 0)),
        ):
            fields = struct.pack("<4I", *masks)[: 12 if size in (40, 52) else 16]
            add(f"BMP of 32 bits, {name}, header {size}", bmp(32, bmp_rows(pixels(4), 32), compression=3, masks=fields, size=size))
    add("BMP of 16 bits", bmp(16, bmp_rows(words, 16)))
    add("BMP of 24 bits, from the top", bmp(24, bmp_rows(pixels(3), 24), height=-HEIGHT))
    add("BMP of 24 bits, bytes after it", bmp(24, bmp_rows(pixels(3), 24), extra=b"more"))
    add("BMP of 32 bits", bmp(32, bmp_rows(pixels(4), 32)))
    zero = pixels(4)
    zero[:, :, 3] = 0
    add("BMP of 32 bits, all transparent", bmp(32, bmp_rows(zero, 32)))
    core = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24)
    rows = bmp_rows(pixels(3), 24)
    add("BMP of OS/2", b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + core + rows)
    core8 = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 8)
    short = bytes(palette[4 * i + c] for i in range(256) for c in range(3))
    rows8 = bmp_rows(pixels(1), 8)
    add("BMP of OS/2, palette", b"BM" + struct.pack("<IHHI", 26 + 768 + len(rows8), 0, 0, 26 + 768) + core8 + short + rows8)
    add("BMP of OS/2, second version", bmp(24, rows, size=64))
    runs = b"".join(bytes([7, 3 + y, 7, 40, 0, 7, 1, 2, 3, 4, 5, 6, 7, 0]) + b"\0\0" for y in range(HEIGHT)) + b"\0\1"
    add("BMP in runs of 8 bits", bmp(8, runs, palette=palette, compression=1))
    add("BMP in runs of 8 bits, from the top", bmp(8, runs, palette=palette, compression=1, height=-HEIGHT))
    add("BMP in runs, cut", bmp(8, runs, palette=palette, compression=1)[:-40])
    add("BMP in runs, without an end", bmp(8, runs[:-2], palette=palette, compression=1))
    add("BMP in runs, ended early", bmp(8, runs[:80] + b"\0\1", palette=palette, compression=1))
    moved = bytes([5, 9, 0, 2, 6, 1, 4, 8]) + b"\0\0" + bytes([3, 7, 0, 2, 2, 0, 4, 8]) + b"\0\0\0\1"
    add("BMP in runs, with jumps", bmp(8, moved, palette=palette, compression=1))
    too_long = b"".join(bytes([40, 3 + y]) + b"\0\0" for y in range(HEIGHT)) + b"\0\1"
    add("BMP in runs, too long", bmp(8, too_long, palette=palette, compression=1))
    runs4 = b"".join(bytes([14, 0x35, 0, 7, 0x12, 0x34, 0x56, 0x70]) + b"\0\0" for _ in range(HEIGHT)) + b"\0\1"
    add("BMP in runs of 4 bits", bmp(4, runs4, palette=palette[:64], compression=2))
    odd = b"".join(bytes([5, 0x35, 9, 0x71, 7, 0x22]) + b"\0\0" for _ in range(HEIGHT)) + b"\0\1"
    add("BMP in runs of 4 bits, odd", bmp(4, odd, palette=palette[:64], compression=2))
    add("BMP holding a JPEG", bmp(0, saved(RGB, "JPEG"), compression=4))
    add("BMP holding a PNG", bmp(0, saved(RGB, "PNG"), compression=5))
    add("BMP of width 0", bmp(24, rows, width=0))
    add("BMP of a negative width", bmp(24, rows, width=-WIDTH))
    add("BMP of 3 bits", bmp(3, rows))
    add("BMP start beyond its end", bmp(24, rows)[:10] + struct.pack("<I", 9000) + bmp(24, rows)[14:])
    add("BMP start of 0", bmp(24, rows)[:10] + struct.pack("<I", 0) + bmp(24, rows)[14:])
    add("BMP of an unknown compression", bmp(24, rows, compression=77))
    add("BMP of 257 colours", bmp(8, rows8, palette=palette, colours=257))


def pnm_cases():
    for image in (RGB, GREY, BITS):
        data = add(f"PNM of {image.mode}", saved(image, "PPM"))
        damaged(f"PNM of {image.mode}", data, (0.5, 0.9))
    for maximum in (1, 7, 100, 254, 255, 256, 1023, 40000, 65535):
        kind = np.uint8 if maximum < 256 else ">u2"
        for channels, magic in ((1, b"P5"), (3, b"P6")):
            values = (pixels(channels, 16).astype(int) % (maximum + 1)).astype(kind)
            head = magic + b" %d %d %d\n" % (WIDTH, HEIGHT, maximum)
            add(f"{magic.decode()} up to {maximum}", head + values.tobytes())
            plain = b" ".join(b"%d" % value for value in values.ravel())
            lines = magic.replace(b"5", b"2").replace(b"6", b"3") + b"\n%d %d\n%d\n" % (WIDTH, HEIGHT, maximum)
            add(f"{magic.decode()} up to {maximum}, as text", lines + plain + b"\n")
    grey = pixels(1).tobytes()
    add("P5 with comments", b"P5 # one\n# two\n%d # three\n%d\n255\n" % (WIDTH, HEIGHT) + grey)
    add("P5 with a comment behind", b"P5\n%d %d\n255# x\n" % (WIDTH, HEIGHT) + grey)
    add("P5 with a comment within a number", b"P5\n2#x\n1 %d\n255\n" % HEIGHT + grey)
    add("P5 with returns", b"P5\r\n%d %d\r\n255\r\n" % (WIDTH, HEIGHT) + grey)
    add("P5 with a return alone", b"P5\r%d %d\r255\r" % (WIDTH, HEIGHT) + grey)
    add("P5 with values above", b"P5\n%d %d\n100\n" % (WIDTH, HEIGHT) + grey)
    add("P5 up to 0", b"P5\n%d %d\n0\n" % (WIDTH, HEIGHT) + grey)
    add("P5 up to 65536", b"P5\n%d %d\n65536\n" % (WIDTH, HEIGHT) + grey * 2)
    add("P5 of 0 pixels", b"P5\n0 %d\n255\n" % HEIGHT + grey)
    add("P5 with a negative width", b"P5\n-3 %d\n255\n" % HEIGHT + grey)
    add("P5 of leading zeros", b"P5\n0021 0014\n0255\n" + grey)
    add("P5 cut in its header", b"P5\n21 ")
    add("P5 of two pictures", (b"P5\n%d %d\n255\n" % (WIDTH, HEIGHT) + grey) * 2)
    bits = np.asarray(BITS).astype(int)
    add("P1", b"P1\n%d %d\n" % (WIDTH, HEIGHT) + b" ".join(b"%d" % (1 - v) for v in bits.ravel()))
    add("P1 without spaces", b"P1\n%d %d\n" % (WIDTH, HEIGHT) + b"".join(b"%d" % (1 - v) for v in bits.ravel()))
    add("P1 with a 2", b"P1\n%d %d\n2" % (WIDTH, HEIGHT) + b"1" * (WIDTH * HEIGHT - 1))
    add("P1 with a comment within", b"P1\n%d %d\n11 # 0000\n" % (WIDTH, HEIGHT) + b"1" * (WIDTH * HEIGHT - 2))
    add("P1 too short", b"P1\n%d %d\n" % (WIDTH, HEIGHT) + b"10" * 20)
    plain = b" ".join(b"%d" % v for v in pixels(1).ravel())
    add("P2 too short", b"P2\n%d %d\n255\n" % (WIDTH, HEIGHT) + plain[:300])
    add("P2 with a value too large", b"P2\n%d %d\n99\n" % (WIDTH, HEIGHT) + plain)
    add("P2 with a letter", b"P2\n%d %d\n255\n" % (WIDTH, HEIGHT) + plain[:100] + b" x " + plain[100:])
    add("P2 with a negative value", b"P2\n%d %d\n255\n-1 " % (WIDTH, HEIGHT) + plain)
    add("P2 with a comment within", b"P2\n%d %d\n255\n# c\n" % (WIDTH, HEIGHT) + plain)
    add("P2 with too many values", b"P2\n%d %d\n255\n" % (WIDTH, HEIGHT) + plain + b" 1 2 3")
    add("P2 with a long value", b"P2\n%d %d\n255\n0000000000000007 " % (WIDTH, HEIGHT) + plain)
    pam = b"P7\nWIDTH %d\nHEIGHT %d\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" % (WIDTH, HEIGHT)
    add("PAM", pam + pixels(3).tobytes())
    add("PFM", b"Pf\n%d %d\n-1.0\n" % (WIDTH, HEIGHT) + pixels(1).astype("<f4").tobytes())
    add("PFM in colour", b"PF\n%d %d\n-1.0\n" % (WIDTH, HEIGHT) + pixels(3).astype("<f4").tobytes())


def foreign_cases():
    for form in ("ICO", "PCX", "TGA", "SGI", "DDS", "JPEG2000", "ICNS", "PDF", "EPS", "QOI"):
        try:
            add(f"{form}", saved(RGB.resize((32, 32)) if form in ("ICO", "ICNS") else RGB, form))
        except Exception:
            continue
    add("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'><rect width='9' height='9'/></svg>")
    add("SVG with a declaration", b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    add("JPEG XL", b"\xff\x0a\xfa\x1f" + bytes(20))
    add("JPEG XL in a container", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20))
    add("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(30))
    add("HEIF of mif1", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(30))
    add("MP4", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(30))
    add("PSD", b"8BPS\0\1" + bytes(40))
    add("a page", b"<!DOCTYPE html><html><body>404</body></html>")
    add("zip", b"PK\3\4" + bytes(40))
    add("gzip", gzip.compress(b"hello", mtime=0))
    add("empty", b"")
    add("blank", b"\0" * 100)
    add("JSON", b'{"error": "not found"}')


def main():
    global PROFILE
    from PIL import ImageCms

    PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for part in (jpeg_cases, png_cases, other_cases, bmp_cases, pnm_cases, tiff_cases, exif_cases, foreign_cases):
        part()
    path = pathlib.Path(__file__).with_suffix(".json.gz")
    path.write_bytes(gzip.compress(json.dumps(list(CASES.values())).encode(), 9, mtime=0))
    errors = sum("error" in case for case in CASES.values())
    print(f"{len(CASES)} pictures, {errors} of which Pillow refuses; {path.stat().st_size} bytes")


main()
