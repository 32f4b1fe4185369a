"""A boundary file (GeoJSON) read into shapes to draw; pure. Nothing of the file but numbers reaches the drawing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 2 * 1024 * 1024
MOST_FEATURES, MOST_POINTS = 400, 60_000
WIDTH = 1000  # of the drawing; its height follows from the shapes
NAMED_BY = ("code", "adcode", "name", "NAME", "名称", "编码")
RINGS_OF = {"Polygon": lambda given: [given], "MultiPolygon": lambda given: given}

Point = tuple[float, float]
Ring = list[Point]


class Unfit(ValueError):
    """The file cannot be drawn. faults: what is wrong, one (place, reason code, detail) each, for the page to say."""

    def __init__(self, *faults: tuple[int, str, str]) -> None:
        self.faults = faults
        super().__init__(faults)


@dataclass(frozen=True)
class Drawing:
    """shapes: unit code → (outline as a SVG path of whole numbers, x and y of its middle); size: width and height."""

    shapes: dict[str, tuple[str, int, int]]
    size: tuple[int, int]


def drawing_of(content: bytes, codes: Mapping[str, str]) -> Drawing:
    """Read a FeatureCollection of polygons in degrees. codes: what a unit may be called → its code.

    Every feature must be one of the units, and no unit may come twice; units without a feature are allowed. Raises
    Unfit with a fault for each feature that does not fit, its place counted from 1; place 0 is the file itself.
    """
    features = _features(content)
    found: dict[str, list[Ring]] = {}
    faults: list[tuple[int, str, str]] = []
    for place, feature in enumerate(features, 1):
        try:
            code, rings = _unit_of(feature, codes), _rings_of(feature)
            if code in found:
                raise _Fault("twice", _name_of(feature))
            found[code] = rings
        except _Fault as fault:
            faults.append((place, fault.code, fault.detail))
    if faults:
        raise Unfit(*faults)
    if sum(len(ring) for rings in found.values() for ring in rings) > MOST_POINTS:
        raise Unfit((0, "points", str(MOST_POINTS)))
    return _drawn(found)


class _Fault(Exception):
    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(code)


def _features(content: bytes) -> list[Any]:
    if len(content) > MOST_BYTES:
        raise Unfit((0, "size", str(MOST_BYTES // 1024 // 1024)))
    try:
        given = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unfit((0, "json", "")) from error
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list) or given.get("type") != "FeatureCollection" or not features:
        raise Unfit((0, "collection", ""))
    if len(features) > MOST_FEATURES:
        raise Unfit((0, "features", str(MOST_FEATURES)))
    return features


def _names_of(feature: Any) -> Iterator[str]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    for key in NAMED_BY:
        value = properties.get(key) if isinstance(properties, dict) else None
        if isinstance(value, str | int) and str(value).strip():
            yield str(value).strip()


def _name_of(feature: Any) -> str:
    return next(_names_of(feature), "")[:40]


def _unit_of(feature: Any, codes: Mapping[str, str]) -> str:
    names = list(_names_of(feature))
    if not names:
        raise _Fault("unnamed")
    for name in names:
        if name in codes:
            return codes[name]
    raise _Fault("unknown", names[0][:40])


def _rings_of(feature: Any) -> list[Ring]:
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in RINGS_OF:
        raise _Fault("shape", _name_of(feature))
    given = geometry.get("coordinates")
    try:
        rings = [[_point(point) for point in ring] for polygon in RINGS_OF[kind](given) for ring in polygon]
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise _Fault("points", _name_of(feature)) from error
    if not rings or any(len(ring) < 4 for ring in rings):
        raise _Fault("points", _name_of(feature))
    return rings


def _point(given: Any) -> Point:
    if not isinstance(given, list) or any(isinstance(part, bool | str) for part in given[:2]):
        raise ValueError(given)
    lon, lat = float(given[0]), float(given[1])
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 85):
        raise ValueError(given)
    return lon, lat


def _drawn(found: Mapping[str, Sequence[Ring]]) -> Drawing:
    """On a plane with true proportions in the middle of the county, north up."""
    every = [point for rings in found.values() for ring in rings for point in ring]
    west, east = min(x for x, _y in every), max(x for x, _y in every)
    south, north = min(y for _x, y in every), max(y for _x, y in every)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = WIDTH / max((east - west) * narrow, north - south, 1e-9)

    def placed(point: Point) -> tuple[int, int]:
        return round((point[0] - west) * narrow * scale), round((north - point[1]) * scale)

    shapes = {code: _outline([[placed(p) for p in ring] for ring in rings]) for code, rings in found.items()}
    return Drawing(
        shapes, (max(1, round((east - west) * narrow * scale)), max(1, round((north - south) * scale)))
    )


def _outline(rings: list[list[tuple[int, int]]]) -> tuple[str, int, int]:
    """The path, and the middle of its largest ring."""
    parts = []
    for ring in rings:
        kept = [point for at, point in enumerate(ring) if at == 0 or point != ring[at - 1]]
        parts.append("M" + "L".join(f"{x} {y}" for x, y in kept) + "Z")
    largest = max(rings, key=_extent)
    xs, ys = [x for x, _y in largest], [y for _x, y in largest]
    return "".join(parts), (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2


def _extent(ring: list[tuple[int, int]]) -> int:
    xs, ys = [x for x, _y in ring], [y for _x, y in ring]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))
