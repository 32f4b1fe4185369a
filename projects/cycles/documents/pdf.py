"""A document as PDF. WeasyPrint needs Pango from the operating system; where it is missing Word and print remain."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from PIL import ImageFile

from projects.cycles.documents.page import page_of, styles_of
from projects.cycles.documents.parts import Document
from projects.cycles.documents.rendering import pages_of, pdf_apart


class NoPdf(Exception):
    """No PDF can be made on this machine; the text says whom to ask; README lists the packages."""


def obstacle_to_pdf() -> str:
    """Why this machine can make no PDF, in one sentence; empty means it can."""
    try:
        import weasyprint  # noqa: F401

        # Loading it lets every picture of the process be cut off, uploads to be checked among them.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    except (ImportError, OSError):  # OSError: the package is there, its libraries are not
        return _(
            "本机没有安装排版组件，不能生成 PDF，Word 文件和打印不受影响；请联系系统管理员安装排版组件。"
        )
    return ""


def pdf_of(document: Document) -> bytes:
    """The document on A4 with the type area, sizes and page numbers of GB/T 9704. Raises NoPdf."""
    return bytes(laid_out(page_of(document), *styles_of(document)).write_pdf())


def long_pdf_of(document: Document) -> bytes:
    """The same of a document of many pages, made by a process of its own. Raises NoPdf."""
    if reason := obstacle_to_pdf():
        raise NoPdf(reason)
    return pdf_apart(page_of(document), [render_to_string(name) for name in styles_of(document)])


def laid_out(html: str, *sheets: str) -> Any:
    """The pages of a HTML text under style sheets of the templates' folder: `.pages`, `.write_pdf()`. Raises NoPdf."""
    if reason := obstacle_to_pdf():
        raise NoPdf(reason)
    return pages_of(html, [render_to_string(name) for name in sheets])
