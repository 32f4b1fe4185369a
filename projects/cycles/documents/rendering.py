"""HTML laid out as pages by WeasyPrint, here or in a process of its own whose memory goes back with its end.

Needs no Django: run as a program it reads a request from its standard input and writes the PDF to its output.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

LONGEST_SECONDS = 30 * 60
# No page may hold them, and one of them would make the text of a whole PDF unreadable to whoever searches it.
CONTROLS = dict.fromkeys(code for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r")


def pages_of(html: str, styles: Sequence[str]) -> Any:
    """The pages of a HTML text under the texts of style sheets: `.pages`, `.write_pdf()`.

    Nothing is fetched from anywhere: what a document shows is in its text.
    """
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    # A picture stands in the text itself (RFC 2397).
    within = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    sheets = [CSS(string=style, url_fetcher=within) for style in styles]
    return HTML(string=html.translate(CONTROLS), url_fetcher=within).render(stylesheets=sheets)


def pdf_apart(html: str, styles: Sequence[str]) -> bytes:
    """The same as PDF, made by a process of its own. Raises subprocess.SubprocessError where that fails or hangs."""
    request = json.dumps({"html": html, "styles": list(styles)}).encode()
    command = [sys.executable, "-P", __file__]
    done = subprocess.run(command, input=request, capture_output=True, check=True, timeout=LONGEST_SECONDS)
    return done.stdout


def main() -> None:
    asked = json.load(sys.stdin)
    sys.stdout.buffer.write(pages_of(asked["html"], asked["styles"]).write_pdf())


if __name__ == "__main__":
    main()
