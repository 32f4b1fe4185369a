"""PDFs one behind the other: every page is there as it was, and what was written is not held."""

from __future__ import annotations

import io
import tracemalloc

import pypdf
import pytest

from projects.cycles.documents.joining import Joined
from projects.cycles.documents.rendering import pages_of

SPARE = 300_000  # bytes: what the reader's own caches differ by


def made(*texts: str) -> bytes:
    """A PDF of one small page for each text."""
    body = "".join(f'<p style="break-before: page">{text}</p>' for text in texts)
    return bytes(pages_of(f"<html><body>{body}</body></html>", ["@page { size: A6 }"]).write_pdf())


def joined(*parts: bytes) -> bytes:
    whole = Joined()
    return b"".join([*(whole.add(part) for part in parts), whole.finish()])


def texts_of(pdf: bytes) -> list[str]:
    return [page.extract_text().strip() for page in pypdf.PdfReader(io.BytesIO(pdf), strict=True).pages]


@pytest.mark.parametrize("parts", [[["一件"]], [["一件", "二件"], ["三件"], ["四件", "五件"]]])
def test_every_page_is_there_in_its_order_with_its_own_fonts(parts: list[list[str]]) -> None:
    pdf = joined(*(made(*texts) for texts in parts))
    told = [text for texts in parts for text in texts]
    assert texts_of(pdf) == told
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert all(page["/Resources"]["/Font"] for page in reader.pages)
    assert [reader.get_page_number(page) for page in reader.pages] == list(range(len(told)))


def test_pages_are_counted_as_they_come() -> None:
    whole = Joined()
    assert whole.pages == 0
    whole.add(made("一件", "二件"))
    assert whole.pages == 2
    whole.add(made("三件"))
    assert whole.pages == 3


def test_each_object_stands_where_the_table_says() -> None:
    pdf = joined(made("一件"), made("二件"))
    start = int(pdf.rsplit(b"startxref", 1)[1].split()[0])
    assert pdf[start:].startswith(b"xref\n0 ")
    size = int(pdf[start:].split(b"\n")[1].split()[1])
    places = pdf[start:].split(b"\n")[3 : 2 + size]
    assert len(places) == size - 1
    for number, place in enumerate(places, 1):
        assert pdf[int(place[:10]) :].startswith(b"%d 0 obj\n" % number)


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(pypdf.errors.PdfReadError):
        Joined().add(b"no pdf at all")


def test_memory_does_not_grow_with_the_parts() -> None:
    part = made("一件", "二件", "三件")

    def peak(times: int) -> int:
        tracemalloc.start()
        whole = Joined()
        written = sum(len(whole.add(part)) for _time in range(times)) + len(whole.finish())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert written > times * len(part) / 2 > 1_000
        return found

    peak(2)
    assert peak(60) < peak(6) + SPARE
