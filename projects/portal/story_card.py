"""One thing's story as one printed sheet: A4, the front alone, with the head of the trail it was read from at its foot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.timezone import localdate

from projects.cycles.documents.pdf import laid_out
from projects.cycles.documents.sealing import seal_over
from projects.cycles.steps import STEPS
from projects.portal.story import Story, condensed
from projects.portal.story_selectors import Lineage, story_of
from workflow.people.wording import worded


@dataclass(frozen=True)
class Setting:
    """How close a sheet is set. points: size of its type; most: lines of a chapter; notes: whether words stand in full."""

    points: float
    most: int
    notes: bool


# Tried one after the other until the story stands on one page; the last one holds any story the trail can tell.
SETTINGS = (
    Setting(10.5, 40, notes=True),
    Setting(9, 40, notes=True),
    Setting(9, 9, notes=True),
    Setting(8.5, 9, notes=False),
    Setting(8, 6, notes=False),
    Setting(7.5, 4, notes=False),
)


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
    for setting in SETTINGS:
        page = common | {"setting": setting, "chapters": chapters_of(condensed(story, setting.most), lineage)}
        pages = laid_out(render_to_string("documents/story.html", page), "documents/story.css")
        if len(pages.pages) == 1:
            break
    return pages


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
