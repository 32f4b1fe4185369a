"""The columns of the table as the server reads them out of leaf and body: SQL over the leaf `l` and the fields `b`."""

from __future__ import annotations

from workflow.audit.exporters.cells import COLUMNS
from workflow.audit.exporters.extract import STAMP

NUMBERS = {"index": "l.index", "id": "l.entry_id", "unit_id": "l.unit_id", "step": "b.step"}
# What the server itself puts into words.
MOMENTS = {"recorded_at": STAMP}
HASHES = {"hash": "encode(l.hash, 'hex')", "prev": "encode(l.prev, 'hex')"}
_OF_THE_CHAIN = {"index", "id", "unit_id", *MOMENTS, *HASHES}
_FIELDS = ", ".join(
    f"{name} {'int' if name in NUMBERS else 'text'}" for name in COLUMNS if name not in _OF_THE_CHAIN
)
# What `Extract.copied` joins, so that `b` is there.
READ = f"CROSS JOIN LATERAL json_to_record(e.body::json) AS b ({_FIELDS})"


def text_of(name: str) -> str:
    """SQL of a column of text; one that may have fields of its own is JSON."""
    return (MOMENTS | HASHES).get(name, f"b.{name}")


def empty_of(name: str) -> str:
    """What of a column of text is as good as nothing."""
    return "{}" if name in ("before", "after") else ""
