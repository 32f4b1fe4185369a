"""What goes beside a file of the trail that has no room for it: whose, why, and how much stands after the last outside head.

A table and lines of JSON hold the entries and nothing else, or their readers would stumble; a file of its own tells the
rest, as the entry of the export says it.
"""

from __future__ import annotations

import json

from workflow.audit.models import Entry

FORMAT = "piaojue-export-v1"
ENDING = ".manifest.json"


def manifest_of(exported: Entry, *, file: str, sha256: str = "") -> bytes:
    """JSON of one export by its entry (`exporters.record_export`). file: its name; sha256: of its bytes, where known.

    size: how long the trail was; entries: how many of it are in the file; outside: how many are under the last head
    that left the system, 0 where none has; after_head: how many stand after it.
    """
    body = json.loads(exported.body)
    told = {
        "format": FORMAT,
        "file": file,
        "sha256": sha256,
        "unit": body["unit"],
        "unit_id": exported.unit_id,
        "entry": exported.pk,
        "at": body["at"],
        "actor": body["actor"],
        "office": body["office"],
        "reason": body["reason"],
    }
    said = {name: value for name, value in body["after"].items() if name != "format"}
    return (
        json.dumps(told | {"kind": body["after"]["format"]} | said, ensure_ascii=False, indent=1).encode()
        + b"\n"
    )
