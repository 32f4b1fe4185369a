"""What a body says of its time, actor, act and record is what JSON says, whichever of the two readers reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.long import examples
from workflow.audit.checking import TOLD, told

NAMES = st.sampled_from([*TOLD, "a\u0074", "after", "before", "\\u0061t"]) | st.text(max_size=3)
NOTHING = dict.fromkeys(TOLD)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=examples(200))
@given(fields=st.lists(st.tuples(NAMES, VALUES), max_size=6), apart=st.booleans())
def test_both_readers_of_a_body_read_the_same(fields: list[tuple[str, object]], apart: bool) -> None:
    """A name that stands there twice among them: the last one counts."""
    written = [f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=apart)}" for name, value in fields]
    text = "{" + ",".join(written) + "}"
    try:
        body = text.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates, which no database holds either
        return
    said = json.loads(text)
    assert told(body) == {name: said.get(name) for name in TOLD}


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"{", b'"at"', b'{"at":"x","actor":"y"} z', b'{"at":"x","actor":"y",}']
)
def test_what_is_no_object_says_nothing(body: bytes) -> None:
    assert told(body) == {}


@pytest.mark.parametrize("body", ['{"at":"x"}', '{"at":"x","actor":1}', r'{"at":"x","actor":"\ud800"}'])
def test_what_is_no_text_is_not_taken_for_one(body: str) -> None:
    assert told(body.encode()) == NOTHING | {"at": "x", "actor": json.loads(body).get("actor")}


def test_what_stands_inside_another_value_is_not_the_entrys_own() -> None:
    assert told(b'{"after":{"at":"x","actor":"y"},"before":{"action":"x"}}') == NOTHING
