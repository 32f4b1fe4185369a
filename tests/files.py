"""Files as people send them: real pictures, documents and what pretends to be one."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
TURNED = 6  # EXIF: the camera lay on its side
ORIENTATION, CAMERA, GPS = 0x0112, 0x010F, 0x8825


def picture(name: str = "现场.jpg", size: tuple[int, int] = (40, 20), *, exif: bool = False) -> Any:
    """A picture; with exif, one that lay on its side and says where it was taken."""
    image, bytes_ = Image.new("RGB", size, "#888888"), io.BytesIO()
    kind = "PNG" if name.endswith("png") else "JPEG"
    more: dict[str, Any] = {}
    if exif:
        data = Image.Exif()
        data[ORIENTATION], data[CAMERA] = TURNED, "Camera"
        data.get_ifd(GPS)[1] = "N"
        data.get_ifd(GPS)[2] = (34.0, 16.0, 0.0)
        more["exif"] = data
    image.save(bytes_, kind, **more)
    return SimpleUploadedFile(name, bytes_.getvalue(), f"image/{kind.lower()}")


def pdf(name: str = "审计报告.pdf", body: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, "application/pdf")


def package(name: str, parts: dict[str, str]) -> SimpleUploadedFile:
    """A zip of parts."""
    bytes_ = io.BytesIO()
    with zipfile.ZipFile(bytes_, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, text in parts.items():
            packed.writestr(part, text)
    return SimpleUploadedFile(name, bytes_.getvalue())


def word(name: str = "验收.docx", **more: str) -> SimpleUploadedFile:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return package(name, {"[Content_Types].xml": kind, "word/document.xml": "<w/>", **more})
