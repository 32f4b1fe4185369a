"""XES (IEEE 1849-2016): a trace for each year's work, an event for each entry, for tools of process mining."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from workflow.audit.exporters.cells import value_of
from workflow.audit.exporters.extract import Extract
from workflow.audit.selectors import Line

# What XML 1.0 cannot hold at all, not even escaped.
UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EXTENSIONS = (("Concept", "concept"), ("Lifecycle", "lifecycle"), ("Time", "time"), ("Organizational", "org"))
STANDARD = "http://www.xes-standard.org"
# Attributes of an event that the standard names, and where they come from; the others keep the envelope's names.
NAMED = (("concept:name", "action"), ("org:resource", "actor"), ("org:role", "office"), ("org:group", "unit"))
TEXTS = (
    "subject", "about", "label", "before", "after", "reason", "task", "request", "recorded_at", "hash", "prev",
    "stands_for",
)  # fmt: skip
NUMBERS = ("index", "id", "unit_id", "step")


def as_xes(extract: Extract) -> Iterator[bytes]:
    """UTF-8. Entries about no year stand in a last trace of the unit's own."""
    yield _head(extract).encode()
    wholes = [about for (about,) in extract.distinct("about")]
    for about in sorted(wholes, key=lambda one: (not one, one)):
        yield f"<trace>\n{_attribute('string', 'concept:name', about or f'unit:{extract.unit.code}')}".encode()
        for line in extract.lines(about=about):
            yield _event(line).encode()
        yield b"</trace>\n"
    yield b"</log>\n"


def _head(extract: Extract) -> str:
    extensions = "".join(
        f'<extension name="{name}" prefix="{prefix}" uri="{STANDARD}/{prefix}.xesext"/>\n'
        for name, prefix in EXTENSIONS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<log xes.version="1849-2016" xes.features="" xmlns="{STANDARD}/">\n{extensions}'
        '<classifier name="action" keys="concept:name"/>\n'
        f"{_attribute('string', 'concept:name', extract.unit.name)}"
        f"{_attribute('string', 'unit', extract.unit.code)}"
        f"{_attribute('int', 'outside', extract.outside)}"
        f"{_attribute('int', 'after_head', extract.after_head)}"
    )


def _event(line: Line) -> str:
    envelope = line.envelope
    parts = [_attribute("string", key, envelope[name]) for key, name in NAMED if envelope[name]]
    parts.append(_attribute("string", "lifecycle:transition", "complete"))
    parts.append(_attribute("date", "time:timestamp", envelope["at"]))
    parts += [
        _attribute("string", name, text) for name in TEXTS if (text := value_of(envelope.get(name, "")))
    ]
    parts += [_attribute("int", name, envelope[name]) for name in NUMBERS if envelope[name] is not None]
    return f"<event>\n{''.join(parts)}</event>\n"


def _attribute(kind: str, key: str, value: Any) -> str:
    text = UNWRITABLE.sub("\ufffd", str(value))
    # An attribute's line ends would be read as spaces.
    written = quoteattr(text, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    return f'<{kind} key="{key}" value={written}/>\n'
