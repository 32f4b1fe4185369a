"""消息模板: the letters there are, their words in both languages, edited with a preview on a real example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from notifications import rewording
from notifications.composing import facts_of_entry
from notifications.forms import URGENCIES, WordingForm
from notifications.letters import TITLES, placeholders_of
from notifications.models import Wording
from notifications.rendering import Facts, Letter
from notifications.rendering import render as usual_letter
from notifications.routing import ROUTES
from notifications.selectors import example_of
from notifications.wording import codes_of, filled, sample, usual_words, values_of
from workflow.administration.views import admin_grant
from workflow.flows.errors import Refused
from workflow.roles.models import RoleGrant


@dataclass(frozen=True)
class Row:
    """One letter: how urgent it is, and its own words by language, None for the usual ones."""

    letter: str
    title: Any
    urgency: Any
    own: list[tuple[str, Any, Wording | None]]


@login_required
@require_safe
def wordings(request: HttpRequest) -> HttpResponse:
    """Every letter, and in which languages it has words of its own."""
    acting = admin_grant(request)
    kept = {(w.letter, w.language): w for w in Wording.objects.filter(unit=acting.tenant)}
    urgency = {route.letter: route.urgency for route in reversed(ROUTES)}
    rows = [
        Row(
            letter,
            title,
            URGENCIES[urgency[letter]],
            [(code, name, kept.get((letter, code))) for code, name in settings.LANGUAGES],
        )
        for letter, title in TITLES.items()
    ]
    return render(request, "notifications/wordings.html", {"rows": rows})


@login_required
def edit(request: HttpRequest, letter: str, language: str) -> HttpResponse:
    """One letter in one language: edit, preview, save, or take one's own words back."""
    acting = admin_grant(request)
    if letter not in TITLES or language not in rewording.LANGUAGES:
        raise Http404
    kept = Wording.objects.filter(unit=acting.tenant, letter=letter, language=language).first()
    title, body = (kept.title, kept.body) if kept else usual_words(letter, language)
    form = WordingForm(
        request.POST or None,
        letter=letter,
        initial={"title": title, "body": body, "seen": rewording.stamp_of(kept)},
    )
    if request.method == "POST" and _done(request, form, acting, letter, language):
        return redirect("letter_wordings")
    if form.is_bound and not form.errors:
        title, body = form.cleaned_data["title"], form.cleaned_data["body"]
    leaf = example_of(letter, acting.tenant.path)
    with override(language):
        facts = facts_of_entry(leaf) if leaf else sample()
        preview: Letter = filled(letter, title, body, facts) or usual_letter(letter, facts)
        names = _names(letter, language, facts)
    context = {
        "form": form,
        "letter": letter,
        "title": TITLES[letter],
        "language": dict(settings.LANGUAGES)[language],
        "kept": kept,
        "preview": None if form.errors else preview,
        "real": leaf,
        "names": names,
    }
    return render(request, "notifications/wording.html", context, status=422 if form.errors else 200)


def _names(letter: str, language: str, facts: Facts) -> list[tuple[str, Any, str]]:
    """What may be filled in: as it is written in words of this language, what it is, what it is in the example."""
    chinese = {code: name for name, code in codes_of(letter).items() if name != code}
    in_chinese, values = language.startswith("zh"), values_of(facts)
    return [
        (f"{{{chinese[code] if in_chinese else code}}}", "" if in_chinese else title, values.get(code, ""))
        for code, title in placeholders_of(letter).items()
    ]


def _done(request: HttpRequest, form: WordingForm, acting: RoleGrant, letter: str, language: str) -> bool:
    """Whether the words were saved or taken back; a preview, and what is refused, stay on the page."""
    act = acting.act(acting.tenant, timezone.now())
    operation, valid = request.POST.get("op"), form.is_valid()
    seen = str(form.data.get("seen", ""))
    try:
        if operation == "restore":
            rewording.restore(act, acting, letter=letter, language=language, seen=seen)
            messages.success(request, _("已恢复默认模板。"))
            return True
        if operation == "save" and valid:
            data = form.cleaned_data
            rewording.reword(
                act,
                acting,
                letter=letter,
                language=language,
                title=data["title"],
                body=data["body"],
                seen=seen,
            )
            messages.success(request, _("已保存，以后的消息用新的模板。"))
            return True
    except Refused as refused:
        form.add_error(None, str(refused))
    return False
