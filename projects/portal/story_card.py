"""One thing's story as one printed sheet: A4, the front alone, with the head of the trail it was read from at its foot."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.timezone import localdate
from PIL import Image

from projects.cycles.documents.pdf import laid_out
from projects.cycles.documents.sealing import seal_over
from projects.cycles.steps import STEPS
from projects.portal.story import Story, condensed
from projects.portal.story_selectors import Lineage, Photo, photos_of, story_of
from workflow.people.wording import worded


@dataclass(frozen=True)
class Setting:
    """How close a sheet is set. points: size of its type; most: lines of a chapter; notes: whether words stand in full;
    photos: how many there are room for."""

    points: float
    most: int
    notes: bool
    photos: int


# Tried one after the other until the story stands on one page; the last one holds any story the trail can tell.
SETTINGS = (
    Setting(10.5, 40, notes=True, photos=2),
    Setting(9, 40, notes=True, photos=2),
    Setting(9, 9, notes=True, photos=2),
    Setting(8.5, 9, notes=False, photos=2),
    Setting(8, 6, notes=False, photos=1),
    Setting(7.5, 4, notes=False, photos=0),
)
THUMBNAIL = (480, 360)  # pixels: 36 mm at 300 to the inch and some


def card_of(lineage: Lineage, *, public: bool, own: str = "") -> bytes:
    """The sheet as PDF, in Chinese like every paper. own: as for `story_of`. Raises NoPdf."""
    with translation.override("zh-hans"):
        story = story_of(lineage, public=public, own=own)
        return bytes(_fitting(lineage, story, public=public).write_pdf())


def _fitting(lineage: Lineage, story: Story, *, public: bool) -> Any:
    common = {
        "lineage": lineage,
        "public": public,
        "seal": seal_over(lineage.unit),
        "on": localdate(timezone.now()),
    }
    photos = _thumbnails(photos_of(lineage, public=public))
    for setting in SETTINGS:
        page = common | {
            "setting": setting,
            "chapters": chapters_of(condensed(story, setting.most), lineage),
            "photos": photos[: setting.photos],
        }
        pages = laid_out(render_to_string("documents/story.html", page), "documents/story.css")
        if len(pages.pages) == 1:
            break
    return pages


def _thumbnails(photos: Sequence[Photo]) -> list[tuple[Photo, str]]:
    """The first of them that can be read, small, each as an address that holds the picture itself (RFC 2397)."""
    found: list[tuple[Photo, str]] = []
    for photo in photos:
        if len(found) == max(setting.photos for setting in SETTINGS):
            break
        small = io.BytesIO()
        try:
            with photo.file.file.open("rb") as stored, Image.open(stored) as opened:
                opened.thumbnail(THUMBNAIL)
                opened.convert("RGB").save(small, "JPEG", quality=80)
        except OSError:  # the file is gone, or none a picture is read from: the sheet goes without
            continue
        found.append((photo, f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"))
    return found


def chapters_of(story: Story, lineage: Lineage) -> list[dict[str, Any]]:
    """The chapters with their steps' names and their lines as they are said in the hall."""
    unit = lineage.unit
    return [
        {
            "step": chapter.step,
            "title": worded(STEPS[chapter.step], unit),
            "lines": [(line, worded(line.words, unit)) for line in chapter.lines],
            "folded": chapter.folded_words,
            "rows": len(chapter.lines) + bool(chapter.folded),
        }
        for chapter in story.chapters
    ]
