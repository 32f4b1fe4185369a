"""A document as one HTML page: what the PDF is laid out from, and by itself a file any browser opens and prints."""

from __future__ import annotations

from django.template.loader import render_to_string

from projects.cycles.documents.lines import masthead_of, title_lines
from projects.cycles.documents.parts import Document


def page_of(document: Document, *, style: str = "") -> str:
    """The page. style: put into it, for a page that is opened by itself."""
    masthead, size = masthead_of(document.masthead)
    page = {
        "document": document,
        "title": title_lines(document.title),
        "masthead": masthead,
        "masthead_pt": size,
        "style": style,
    }
    return render_to_string("documents/paper.html", page)


def styles_of(document: Document) -> list[str]:
    """The style sheets of the printed page, in the templates' folder."""
    return ["documents/gbt9704.css", *(["documents/wide.css"] if document.wide else [])]


def html_of(document: Document) -> str:
    """The document in one file with its style: it fetches nothing, and prints as the PDF does."""
    sheets = [*styles_of(document), "documents/screen.css"]
    return page_of(document, style="".join(render_to_string(name) for name in sheets))
