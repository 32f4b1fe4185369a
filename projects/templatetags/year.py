"""Presentation only: words of the domain for its pages."""

from __future__ import annotations

from django import template
from django.utils.timezone import localdate

from projects.cycles.periods import words_of_period
from projects.offices import standing_committee_of
from projects.supervision.models import Project
from projects.supervision.rules import Lateness
from projects.supervision.selectors import going_on_after, lateness_of

register = template.Library()
register.filter("period_words", words_of_period)
register.filter("standing_committee", standing_committee_of)
register.simple_tag(going_on_after)


@register.simple_tag
def lateness(project: Project) -> Lateness | None:
    """How late a project is today, for `c-lateness`."""
    return lateness_of(project, localdate())
