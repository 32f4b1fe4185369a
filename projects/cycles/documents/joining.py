"""PDFs put one behind the other as they come: what was written is not held, only where its objects stand.

What leads to pages is taken over, nothing else: no outline, no metadata, no files attached. Needs no Django.
"""

from __future__ import annotations

import io
from array import array
from collections import deque
from typing import Any

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    PdfObject,
)

HEADER = b"%PDF-1.7\n%\xe7\xa5\xa8\xe5\x86\xb3\n"
PAGES, CATALOG = 1, 2  # the numbers of what stands at the end of the file
PARENT = NameObject("/Parent")


class Joined:
    """A PDF being made of others; `add` and `finish` give its bytes in the order they belong in the file.

    pages: how many there are so far.
    """

    def __init__(self) -> None:
        self.pages = 0
        self._size = 0
        # Where each object begins, by its number; the two at the end are filled in there.
        self._places = array("Q", [0, 0, 0])
        self._parts: list[int] = []

    def add(self, pdf: bytes) -> bytes:
        """The pages of one more PDF. Of an encrypted or broken one pypdf's own errors."""
        written = io.BytesIO() if self._parts else io.BytesIO(HEADER)
        written.seek(0, io.SEEK_END)
        # Closed, it lets go of what it has read; of itself it would not, for its objects name it.
        with PdfReader(io.BytesIO(pdf)) as reader:
            root = reader.root_object.raw_get("/Pages").idnum
            self._parts.append(len(self._places))
            numbers, waiting = {root: len(self._places)}, deque([root])
            self._places.append(0)
            while waiting:
                number = waiting.popleft()
                found = self._taken_over(reader.get_object(number), numbers, waiting)
                if number == root:
                    found[PARENT] = IndirectObject(PAGES, 0, reader)
                    self.pages += int(found["/Count"])
                self._write(written, numbers[number], found)
        return self._counted(written)

    def finish(self) -> bytes:
        """What ties the parts together; nothing can be added any more."""
        written = io.BytesIO()
        kids = ArrayObject(IndirectObject(part, 0, None) for part in self._parts)
        self._write(
            written, PAGES, _dictionary(Type=NameObject("/Pages"), Kids=kids, Count=NumberObject(self.pages))
        )
        pages = IndirectObject(PAGES, 0, None)
        self._write(written, CATALOG, _dictionary(Type=NameObject("/Catalog"), Pages=pages))
        table = self._size + written.tell()
        written.write(b"xref\n0 %d\n0000000000 65535 f \n" % len(self._places))
        written.writelines(b"%010d 00000 n \n" % place for place in self._places[1:])
        root = IndirectObject(CATALOG, 0, None)
        written.write(b"trailer\n")
        _dictionary(Size=NumberObject(len(self._places)), Root=root).write_to_stream(written)
        written.write(b"\nstartxref\n%d\n%%%%EOF\n" % table)
        return self._counted(written)

    def _taken_over(self, value: Any, numbers: dict[int, int], waiting: deque[int]) -> Any:
        """A value with the numbers objects have here; those it names for the first time get theirs and wait."""
        if isinstance(value, IndirectObject):
            if value.idnum not in numbers:
                numbers[value.idnum] = len(self._places)
                self._places.append(0)
                waiting.append(value.idnum)
            return IndirectObject(numbers[value.idnum], 0, value.pdf)
        if isinstance(value, DictionaryObject):
            for key in list(value):
                value[NameObject(key)] = self._taken_over(value.raw_get(key), numbers, waiting)
        elif isinstance(value, ArrayObject):
            value[:] = [self._taken_over(one, numbers, waiting) for one in list.__iter__(value)]
        return NullObject() if value is None else value

    def _write(self, written: io.BytesIO, number: int, value: PdfObject) -> None:
        self._places[number] = self._size + written.tell()
        written.write(b"%d 0 obj\n" % number)
        value.write_to_stream(written)
        written.write(b"\nendobj\n")

    def _counted(self, written: io.BytesIO) -> bytes:
        self._size += written.tell()
        return written.getvalue()


def _dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})
