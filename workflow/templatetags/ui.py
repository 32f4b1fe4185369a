"""Presentation only: how a sum, a deadline or a shape is shown. No rule is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.http import QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from workflow.calendar.offsets import SOON
from workflow.calendar.workdays import last_published
from workflow.flows.money import wan, yuan
from workflow.flows.steps import name_of_step
from workflow.people.models import Unit
from workflow.people.saying import day_said, said_again
from workflow.people.sentences import Sentence
from workflow.people.wording import worded
from workflow.roles.registry import title_of

register = template.Library()

SHAPES: dict[str, str] = {
    "triangle": '<path d="M8 1.5 15 14.5H1z"/>',
    "diamond": '<path d="M8 .8 15.2 8 8 15.2.8 8z"/>',
    "circle": '<circle cx="8" cy="8" r="7"/>',
    "ring": '<path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.4a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 0 1 0-9.2z"/>',
    "check": '<path d="m6.3 14.2-5-5L3.2 7.3l3.1 3.1 6.5-7.6 2 1.7z"/>',
    "dash": '<path d="M3 7h10v2H3z"/>',
    "info": '<path d="M8 .8a7.2 7.2 0 1 0 0 14.4A7.2 7.2 0 0 0 8 .8zM7 3.8h2v2H7zm0 3.2h2v5H7z"/>',
    "file": '<path d="M3 1h6.5L13 4.5V15H3zm1.5 1.5v11h7V5.5H8.5v-3z"/>',
}


@dataclass(frozen=True)
class DeadlineState:
    """How far a deadline is. days: whole days left, never negative; the kind says in which direction."""

    kind: Literal["done", "provisional", "overdue", "today", "soon", "left", "open"]
    days: int = 0


def state_of_deadline(
    days_left: int | None, *, done: bool = False, provisional: bool = False
) -> DeadlineState:
    """Name a deadline by the days left (negative: overdue; None: no date fixed).

    done comes first: what is finished is never late. A provisional date is never called overdue.
    """
    if done:
        return DeadlineState("done")
    if provisional:
        return DeadlineState("provisional")
    if days_left is None:
        return DeadlineState("open")
    if days_left < 0:
        return DeadlineState("overdue", -days_left)
    if days_left == 0:
        return DeadlineState("today")
    return DeadlineState("soon" if days_left <= SOON.days else "left", days_left)


@register.simple_tag
def deadline_state(
    due: date | None,
    today: date | None = None,
    days: int | None = None,
    done: bool = False,
    provisional: bool = False,
) -> DeadlineState:
    """State of a deadline for a page. `days` (say, working days) goes before `due` minus `today`."""
    if days is None and due:
        days = (due - (today or timezone.localdate())).days
    return state_of_deadline(days, done=bool(done), provisional=bool(provisional))


@register.simple_tag
def holidays_known_until() -> int:
    """The last year whose official arrangement of holidays the installation knows."""
    return last_published()


@register.simple_tag
def shape(name: str) -> SafeString:
    """An inline drawing that repeats in form what its neighbour says in words; hidden from screen readers."""
    return format_html(
        '<svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(SHAPES[name]),  # noqa: S308 — a constant of this file
    )


@register.simple_tag
def share(part: int | None, whole: int | None) -> int:
    """Whole percent of part in whole, 0 to 100, rounded down so that 100 means all of it."""
    if not part or not whole:
        return 0
    return max(0, min(100, part * 100 // whole))


@register.filter
def item(held: Mapping[str, Any], key: str) -> Any:
    """What a mapping holds under a key; KeyError where it holds nothing."""
    return held[key]


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: str | None) -> str:
    """The page's query string with some of it changed and the page of a list forgotten; None takes a part out."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return str(query.urlencode())


@register.simple_tag(takes_context=True)
def page_query(context: template.Context, param: str, number: int) -> str:
    """Query string of this page of a list with every other parameter kept."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query[param] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag
def page_numbers(page: Page) -> list[int | str]:
    """Page numbers around this page, with the ellipsis of its paginator."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.filter
def error_count(form: BaseForm) -> int:
    """How many lines the error summary has: a field may have several."""
    return sum(len(errors) for errors in form.errors.values())


@register.filter
def error_target(field: BoundField) -> str:
    """Id of the first control of a field, for the links of the error summary."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.filter
def as_errors(reasons: list[str]) -> list[dict[str, str]]:
    """Sentences as the error summary takes them."""
    return [{"text": said_again(reason)} for reason in reasons]


@register.filter
def office_title(code: str, unit: Unit | None = None) -> str:
    """What an office is called, in the words of a hall where one is given."""
    return title_of(code, unit)


@register.filter
def step_name(number: int | None) -> str:
    """What one of the year's steps is called; a dash for what belongs to none."""
    return name_of_step(number) or "—"


@register.simple_tag(takes_context=True)
def step_called(context: Context, number: int) -> str:
    """What one of the year's steps is called in the hall a page is about."""
    return worded(name_of_step(number), context.get("hall"))


@register.simple_tag(takes_context=True)
def step_page(context: Context, node: Any, facts: Mapping[str, Any]) -> SafeString:
    """A step's own part of its page; its facts are its own, and none of them takes the place of one of the page's."""
    page = cast(Any, context.template).engine.get_template(node.page)
    with context.push(**facts):
        return page.render(context)


@register.filter
def said_in(text: Any, unit: Unit | None) -> str:
    """A title or a basis in the reader's language and the words of a hall."""
    return worded(
        said_again(text) if isinstance(text, Sentence) else gettext(str(text)) if text else text, unit
    )


register.filter(day_said)
register.filter(wan)
register.filter(yuan)
