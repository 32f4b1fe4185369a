"""JSON Lines: one envelope a line, with the hashed body byte for byte.

A line is `{"hash":…,"id":…,"index":…,"prev":…,"recorded_at":…,"unit_id":…,` followed by the hashed body without its
opening brace: the body is found again either by cutting there or by taking those six fields out and writing the rest
canonically (`chain.py` has the layout of the hash, `standalone.py` a verifier).
"""

from __future__ import annotations

from collections.abc import Iterator

from workflow.audit.chain import stamp
from workflow.audit.exporters.extract import Extract
from workflow.audit.selectors import Line


def as_jsonl(extract: Extract) -> Iterator[bytes]:
    """UTF-8, a line feed after each."""
    return map(jsonl_of, extract.lines())


def jsonl_of(line: Line) -> bytes:
    """One line."""
    link = line.link
    return (
        f'{{"hash":"{link.hash.hex()}","id":{link.entry_id},"index":{link.index},"prev":"{link.prev.hex()}",'
        f'"recorded_at":"{stamp(link.recorded_at)}","unit_id":{link.unit_id},{link.body[1:]}\n'
    ).encode()
