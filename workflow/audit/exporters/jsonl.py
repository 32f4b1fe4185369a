"""JSON Lines: one envelope a line, with the hashed body byte for byte.

A line is `{"hash":…,"id":…,"index":…,"prev":…,"recorded_at":…,"unit_id":…,` followed by the hashed body without its
opening brace: the body is found again either by cutting there or by taking those six fields out and writing the rest
canonically (`chain.py` has the layout of the hash, `standalone.py` a verifier).
"""

from __future__ import annotations

from collections.abc import Iterator

from workflow.audit.chain import Link, stamp
from workflow.audit.exporters.extract import STAMP, Extract

_LINE = f"""
    '{{"hash":"' || encode(l.hash, 'hex') || '","id":' || l.entry_id || ',"index":' || l.index || ',"prev":"'
    || encode(l.prev, 'hex') || '","recorded_at":"' || {STAMP} || '","unit_id":' || l.unit_id || ','
    || right(e.body, -1) || E'\n'
"""  # right and not substr, which goes through the whole body, letter by letter, to cut off the first


def as_jsonl(extract: Extract) -> Iterator[bytes]:
    """UTF-8, a line feed after each; canonical JSON has none inside."""
    return extract.joined(_LINE)


def line_of(link: Link) -> str:
    """One entry's line by itself, without the line feed."""
    return (
        f'{{"hash":"{link.hash.hex()}","id":{link.entry_id},"index":{link.index},"prev":"{link.prev.hex()}",'
        f'"recorded_at":"{stamp(link.recorded_at)}","unit_id":{link.unit_id},{link.body[1:]}'
    )
