"""A boundary file becomes a drawing, or is refused feature by feature; nothing of it but numbers is drawn."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.oversight.boundaries import MOST_BYTES, MOST_FEATURES, Unfit, drawing_of

CODES = {"青溪镇": "T01", "T01": "T01", "柳河镇": "T02"}
PATH = re.compile(r"(M-?\d+ -?\d+(L-?\d+ -?\d+)*Z)+")


def square(x: float, y: float, side: float = 1) -> list[list[float]]:
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]


def feature(name: Any = "青溪镇", ring: Any = None, kind: str = "Polygon", **more: Any) -> dict[str, Any]:
    rings = [square(110, 30) if ring is None else ring]
    coordinates = rings if kind == "Polygon" else [rings]
    return {
        "type": "Feature",
        "properties": {"name": name, **more},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def file(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def faults(content: bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(Unfit) as refused:
        drawing_of(content, CODES)
    return list(refused.value.faults)


def test_polygons_are_drawn_north_up_by_name_or_code():
    drawn = drawing_of(file(feature(), feature("柳河镇", square(111, 31), "MultiPolygon")), CODES)
    assert set(drawn.shapes) == {"T01", "T02"}
    (path, x, y), (_path, east, north) = drawn.shapes["T01"], drawn.shapes["T02"]
    assert PATH.fullmatch(path) and x < east and y > north  # south-west of the other
    assert drawn.size == (857, 1000)  # degrees of longitude are shorter than those of latitude at 31° north
    assert drawing_of(file(feature("甲", code="T01")), CODES).shapes.keys() == {"T01"}


def test_every_feature_that_does_not_fit_is_named():
    wrong = [
        feature("外县镇"),
        feature(),
        feature("青溪镇", square(112, 30)),
        feature(None),
        feature("柳河镇", [[1, 2], [3, 4]]),
        feature("柳河镇", kind="Point"),
        "x",
    ]
    assert faults(file(*wrong)) == [
        (1, "unknown", "外县镇"),
        (3, "twice", "青溪镇"),
        (4, "unnamed", ""),
        (5, "points", "柳河镇"),
        (6, "shape", "柳河镇"),
        (7, "unnamed", ""),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "json"),
        (b"{", "json"),
        (b"[" * 100_000, "json"),
        (b"[]", "collection"),
        (b'{"type": "FeatureCollection", "features": []}', "collection"),
        (b'{"type": "Feature", "features": [1]}', "collection"),
        (b" " * (MOST_BYTES + 1), "size"),
        (file(*[feature()] * (MOST_FEATURES + 1)), "features"),
    ],
)
def test_what_is_no_boundary_file_is_refused(content, code):
    assert [fault[:2] for fault in faults(content)] == [(0, code)]


@pytest.mark.parametrize("bad", [[200, 30], [110, 89], ["110", 30], [True, 30], [1], None, [float("nan"), 1]])
def test_a_point_that_is_nowhere_is_refused(bad):
    ring = square(110, 30)
    assert drawing_of(file(feature(ring=ring)), CODES)
    assert [fault[1] for fault in faults(file(feature(ring=[*ring[:2], bad, *ring[3:]])))] == ["points"]


ANY = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(properties=ANY, coordinates=ANY, kind=st.sampled_from(["Polygon", "MultiPolygon", "Point", None]))
def test_whatever_the_file_holds_it_is_drawn_with_numbers_or_refused(properties, coordinates, kind):
    wild = {"properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
    try:
        drawn = drawing_of(file(wild, feature()), CODES)
    except Unfit as unfit:
        assert unfit.faults
    else:
        assert all(PATH.fullmatch(path) for path, _x, _y in drawn.shapes.values())
