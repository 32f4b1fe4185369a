"""What a file must be to be taken in: its content is opened by a reader of its kind, its name proves nothing.

Pictures are turned upright, written anew and lose everything a camera adds (place, time, device): a record that
needs a place has a field for it. Nothing here keeps a file; what passes is `Checked`, and only that is stored.
"""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import IO, Any

import olefile
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps

from workflow.people.saying import listed

MB = 1024 * 1024
MOST_BYTES = 20 * MB
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 4096
JPEG_QUALITY = 90
MOST_UNPACKED = 200 * MB
MOST_PARTS = 5000
NAME_LENGTH = 120
PDF_HEAD, PDF_TAIL = 1024, 4096
# Whatever a reader may raise on bytes made to confuse it.
BROKEN = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    SyntaxError,
    NotImplementedError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


class Unfit(ValueError):
    """The file is not taken; the text says in Chinese which rule it breaks and what to do."""


class Checked(UploadedFile):
    """A file whose content has passed; made by `checked` and from what was kept after it, never by a request."""


Reader = Callable[[IO[bytes], str], IO[bytes] | None]


@dataclass(frozen=True)
class Kind:
    """A kind of file. title: as people call it; read: refuses with Unfit, returns the content written anew if it is."""

    title: str | Promise
    media_type: str
    read: Reader


def checked(upload: UploadedFile, *, endings: Collection[str] = (), most_bytes: int = MOST_BYTES) -> Checked:
    """The file as it may be kept, under a safe name. endings: those allowed of KINDS, all where left out.

    Raises Unfit. A file that has passed once passes unread.
    """
    if isinstance(upload, Checked):
        return upload
    name = safe_name(upload.name or "")
    ending = name.rpartition(".")[2].lower()
    kind = KINDS.get(ending) if ending in (endings or KINDS) else None
    if kind is None:
        allowed = listed(endings or KINDS)
        raise Unfit(_("“%(name)s”的格式不收；可传 %(allowed)s。") % {"name": name, "allowed": allowed})
    if (upload.size or 0) > most_bytes:
        raise Unfit(_("“%(name)s”超过 %(most)s MB。") % {"name": name, "most": most_bytes // MB})
    anew = _read(upload, kind, ending, name)
    content: Any = anew or upload.file
    size = len(anew.getbuffer()) if isinstance(anew, io.BytesIO) else upload.size
    content.seek(0)
    return Checked(content, name, kind.media_type, size)


def _read(upload: UploadedFile, kind: Kind, ending: str, name: str) -> IO[bytes] | None:
    file: Any = upload.file
    file.seek(0)
    try:
        return kind.read(file, ending)
    except Unfit as unfit:
        raise Unfit(_("“%(name)s”%(reason)s") % {"name": name, "reason": unfit}) from unfit
    except (*BROKEN, Image.DecompressionBombError) as error:
        raise Unfit(
            _("“%(name)s”的内容不是 %(title)s，可能改过后缀或已经损坏，请用原来的程序打开、另存后再传。")
            % {"name": name, "title": kind.title}
        ) from error


def safe_name(name: str) -> str:
    """A name to show and to save under: no path, no control or direction marks, no leading dot; its ending stays."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    stem, dot, ending = shown.rstrip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = stem.strip(" .") or str(_("文件"))
    return f"{stem[: NAME_LENGTH - len(dot + ending)]}{dot}{ending}"[:NAME_LENGTH]


def _picture(file: IO[bytes], ending: str) -> IO[bytes]:
    """The picture decoded, upright and written anew."""
    wanted = "PNG" if ending == "png" else "JPEG"
    with Image.open(file, formats=[wanted]) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise Unfit(_("超过 %(most)s 万像素，请缩小后再传。") % {"most": MOST_PIXELS // 10_000})
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(opened)
    if wanted == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = upright.convert("RGB")
    # What is left here is written out with the picture.
    upright.info = {k: v for k, v in upright.info.items() if k in ("icc_profile", "transparency")}
    anew = io.BytesIO()
    upright.save(
        anew, wanted, quality=JPEG_QUALITY, optimize=True, icc_profile=upright.info.get("icc_profile")
    )
    return anew


def _pdf(file: IO[bytes], ending: str) -> None:
    """A head and an end: a transfer that broke off has no end."""
    head = file.read(PDF_HEAD)
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - PDF_TAIL))
    if b"%PDF-" not in head or b"%%EOF" not in file.read():
        raise ValueError


# The content types a package must name, and what may stand for them.
PACKAGES = {"docx": b"wordprocessingml.document.main", "xlsx": b"spreadsheetml.sheet.main"}


def _package(file: IO[bytes], ending: str) -> None:
    """Word and Excel since 2007 (ECMA-376), OFD (GB/T 33190): zip packages, told apart by their parts."""
    with zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
        names = {part.filename for part in parts}
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise Unfit(_("展开后太大，请删减内容后再传。"))
        if any(part.flag_bits & 1 for part in parts):
            raise Unfit(_("有密码，请去掉密码后再传。"))
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise Unfit(_("带有宏，请另存为不带宏的文件后再传。"))
        if ending == "ofd":
            packed.getinfo("OFD.xml")
        else:
            with packed.open("[Content_Types].xml") as types:
                if PACKAGES[ending] not in types.read(MB):
                    raise ValueError


STREAMS = {"doc": ("WordDocument",), "wps": ("WordDocument",), "xls": ("Workbook", "Book")}


def _compound(file: IO[bytes], ending: str) -> None:
    """Word, Excel and WPS before 2007: compound files, told apart by their streams."""
    with olefile.OleFileIO(file) as opened:
        if opened.exists("EncryptedPackage"):
            raise Unfit(_("有密码，请去掉密码后再传。"))
        if any(part.upper() == "VBA" for path in opened.listdir(storages=True) for part in path):
            raise Unfit(_("带有宏，请另存为不带宏的文件后再传。"))
        if not any(opened.exists(stream) for stream in STREAMS[ending]):
            raise ValueError


def _old_or_new(file: IO[bytes], ending: str) -> None:
    """A password turns a new document into a compound file; say so instead of calling it broken."""
    if olefile.isOleFile(file):
        with olefile.OleFileIO(file) as opened:
            if opened.exists("EncryptedPackage"):
                raise Unfit(_("有密码，请去掉密码后再传。"))
    file.seek(0)
    _package(file, ending)


_JPEG = Kind(gettext_lazy("JPEG 图片"), "image/jpeg", _picture)
KINDS: dict[str, Kind] = {
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "png": Kind(gettext_lazy("PNG 图片"), "image/png", _picture),
    "pdf": Kind(gettext_lazy("PDF 文件"), "application/pdf", _pdf),
    "ofd": Kind(gettext_lazy("OFD 文件"), "application/ofd", _package),
    "docx": Kind(
        gettext_lazy("Word 文档"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _old_or_new,
    ),
    "xlsx": Kind(
        gettext_lazy("Excel 表格"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _old_or_new,
    ),
    "doc": Kind(gettext_lazy("Word 文档"), "application/msword", _compound),
    "xls": Kind(gettext_lazy("Excel 表格"), "application/vnd.ms-excel", _compound),
    "wps": Kind(gettext_lazy("WPS 文档"), "application/wps-office.wps", _compound),
}
PICTURES = ("jpg", "jpeg", "png")
