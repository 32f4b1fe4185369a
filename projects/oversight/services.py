"""What the county may do at a township: guide, point out, sample. It approves and edits nothing (组织法 50(11))."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.formats import date_format

from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_in_force
from projects.cycles.services import adopt_rulebook, with_one_changed
from projects.oversight.boundaries import drawing_of
from projects.oversight.bulletins import addressed, day_of, drafted
from projects.oversight.models import (
    LONGEST_TITLE,
    Boundary,
    Bulletin,
    Guidance,
    GuidanceKind,
    ModelRulebook,
    Note,
    Sample,
    Weighting,
)
from projects.oversight.rules import digest_of, drawn
from projects.oversight.selectors import (
    called,
    drafts_of,
    latest_year_of,
    model_composed,
    rules_adopted,
    rules_to_offer,
    sampled_from,
    years_to_draw_from,
)
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit
from workflow.people.saying import said as _
from workflow.people.services import ancestors_of
from workflow.roles.services import grants_for_update

LOOK = "oversight.look"


def _by_chance() -> str:
    return secrets.token_hex(8)


_lots: ContextVar[Callable[[], str]] = ContextVar("piaojue_lots", default=_by_chance)


@contextmanager
def lots_from(seeds: Callable[[], str]) -> Iterator[None]:
    """Draw the block's lots from these seeds in place of chance: a demonstration that is to come out the same again."""
    token = _lots.set(seeds)
    try:
        yield
    finally:
        _lots.reset(token)


def county_of(act: Act) -> Unit:
    """The unit above the township in whose name the actor acts today."""
    return grants_for_update(act.person, [act.office], ancestors_of(act.unit), act.on)[0].unit


def guide(act: Act, cycle: Cycle, *, title: str, words: str) -> None:
    """A guiding opinion; asks for nothing back."""
    Guidance.objects.create(
        unit=cycle.unit, county=county_of(act), title=title, words=words, by=act.person, at=act.at
    )


def circulate(act: Act, county: Unit, *, title: str, words: str, townships: Iterable[Unit]) -> None:
    """通报, usually each quarter: one text to many townships, asks for nothing back (rules.md §1, 镇平县)."""
    called = str(_("通报"))
    headed = title if title.endswith(called) else f"{called}：{title}"
    _to_each(act, county, "oversight.circular", townships, headed, of=GuidanceKind.CIRCULAR, words=words)


def announce_training(
    act: Act, county: Unit, *, title: str, held_on: date, place: str, words: str, townships: Iterable[Unit]
) -> None:
    """培训通知: what, when and where, to many townships; asks for nothing back (rules.md §1: 代表培训)."""
    told = _("时间：%(day)s\n地点：%(place)s\n%(words)s") % {
        "day": date_format(held_on),
        "place": place,
        "words": words,
    }
    training = {"of": GuidanceKind.TRAINING, "words": told, "held_on": held_on, "place": place}
    _to_each(act, county, "oversight.training", townships, f"{_('培训通知')}：{title}", **training)


def _to_each(
    act: Act, county: Unit, action: str, townships: Iterable[Unit], title: str, **guidance: Any
) -> None:
    """Each township keeps it and has an entry of its own trail, in the order of units, or chains would meet."""
    headed = title[:LONGEST_TITLE]
    for township in sorted(townships, key=lambda unit: unit.pk):
        Guidance.objects.create(
            unit=township, county=county, title=headed, by=act.person, at=act.at, **guidance
        )
        _told(act, county, township, action, headed)


def _told(act: Act, county: Unit, township: Unit, action: str, label: str) -> None:
    cycle = latest_year_of(township)
    write_down(
        replace(act, unit=township),
        action,
        f"unit:{township.pk}",
        about=cycle.reference if cycle else "",
        after={"county": county.code},
        label=label,
    )


def compose_model(act: Act, county: Unit, *, like: Unit | None, note: str) -> Outcome:
    """Begin the county's own model, or begin it anew, from the rules in force in a township or the usual ones."""
    return _kept(act, county, rules_in_force(like) if like else Rules(), note)


def revise_model(act: Act, county: Unit, *, setting: str, value: Any, note: str) -> Outcome:
    """One setting of the model changed, within the range a township's own rules have."""
    return _kept(act, county, with_one_changed(model_composed(county) or Rules(), setting, value), note)


def _kept(act: Act, county: Unit, rules: Rules, note: str) -> Outcome:
    """The next draft of the model; the former ones stay on record, and no township is told before it is held out."""
    ModelRulebook.objects.create(
        unit=county,
        county=county,
        title=_("示范规则草稿"),
        words=note,
        data=rules.frozen_json(),
        by=act.person,
        at=act.at,
    )
    return Outcome(after={"draft": drafts_of(county).count()}, reason=note)


def offer_model(
    act: Act, county: Unit, *, title: str, words: str, townships: Iterable[Unit], like: Unit | None = None
) -> None:
    """示范规则: rules held out to townships; nothing of theirs changes by it."""
    rules = rules_to_offer(county, like)
    for township in sorted(townships, key=lambda unit: unit.pk):
        ModelRulebook.objects.create(
            unit=township,
            county=county,
            title=title,
            words=words,
            data=rules.frozen_json(),
            by=act.person,
            at=act.at,
        )
        _told(act, county, township, "oversight.model", f"{_('示范规则')}：{title}"[:LONGEST_TITLE])


def adopt_model(act: Act, township: Unit, *, model: ModelRulebook, note: str) -> Outcome:
    """The township's own act: the model becomes the next version of its rules; years already open keep theirs."""
    held = ModelRulebook.objects.select_for_update().get(pk=model.pk, version=None)
    book = adopt_rulebook(act, township, rules_adopted(township, held), note=note)
    ModelRulebook.objects.filter(pk=held.pk).update(version=book.version)
    return Outcome(after={"version": book.version}, reason=note)


def look_at_readiness(act: Act, cycle: Cycle) -> None:
    """程序体检: that somebody of the county looked at a township's sheet before its session; once a day is said once."""
    seen = Entry.objects.filter(
        action=LOOK, subject=cycle.reference, actor=act.person, at__date=act.on
    ).exists()
    if not seen:
        write_down(
            replace(act, unit=cycle.unit),
            LOOK,
            cycle.reference,
            about=cycle.reference,
            step=3,
            label=cycle.label,
        )


def reply_to_note(act: Act, note: Note, *, reply: str) -> None:
    """The township answers."""
    fire(note, "answer", act, reply=reply)


def sample(act: Act, cycle: Cycle, *, of: str, number: int, words: str) -> Outcome:
    """抽查: dossiers or stations of one township drawn by lot; seed, draw and what was drawn from stand in the trail."""
    return Outcome(after=_drawn_in(act, county_of(act), cycle, of, _lots.get()(), number, words))


def draw(act: Act, county: Unit, *, of: str, halls: int, number: int, words: str) -> Outcome:
    """抽查 over the whole county: `halls` townships by lot, then `number` of each, all from one recorded seed.

    Drawn from are the townships whose latest year has something of that kind. Each township drawn keeps its sample and has
    an entry of its own trail, as of a draw in it alone; the county's entry has the draw of the townships.
    """
    seed, years = _lots.get()(), years_to_draw_from(county, of)
    if not years:
        raise Refused(_("各乡镇还没有可供抽查的对象。"))
    lot = drawn(seed, years, halls)
    for cycle in sorted((years[reference] for reference in lot), key=lambda one: one.unit_id):
        after = _drawn_in(act, county, cycle, of, seed, number, words)
        write_down(
            replace(act, unit=cycle.unit),
            "oversight.sampled",
            cycle.reference,
            about=cycle.reference,
            after={"of": of, "county": county.code} | after,
            label=cycle.label,
        )
    return Outcome(after={"seed": seed, "drawn": lot, "among": len(years), "among_sha256": digest_of(years)})


def _drawn_in(
    act: Act, county: Unit, cycle: Cycle, of: str, seed: str, number: int, words: str
) -> dict[str, Any]:
    """Draw in one township and keep it there; what the trail says of the draw."""
    found = sampled_from(cycle, of)
    if not found:
        raise Refused(_("本年度还没有可供抽查的对象。"))
    lot = drawn(seed, found, number)
    Sample.objects.create(
        unit=cycle.unit,
        county=county,
        cycle=cycle,
        of=of,
        seed=seed,
        among=len(found),
        drawn=[{"reference": reference, "label": found[reference]} for reference in lot],
        words=words,
        by=act.person,
        at=act.at,
    )
    return {"seed": seed, "drawn": lot, "among": len(found), "among_sha256": digest_of(found)}


def weigh(act: Act, county: Unit, **weights: int | None) -> None:
    """The county's own weights for the order of its townships; the former ones stay on record."""
    chosen = {code: weight for code, weight in weights.items() if weight}
    Weighting.objects.create(unit=county, weights=chosen, by=act.person, at=act.at)


def load_boundaries(act: Act, county: Unit, *, file: UploadedFile) -> Outcome:
    """The outlines of the units below, from a file the form has read already; the former ones stay on record."""
    content = file.read()
    drawing = drawing_of(content, called(county))
    Boundary.objects.create(
        unit=county,
        shapes=drawing.shapes,
        size=drawing.size,
        sha256=hashlib.sha256(content).hexdigest(),
        by=act.person,
        at=act.at,
    )
    return Outcome(after={"units": sorted(drawing.shapes)})


def draft_bulletin(act: Act, county: Unit, *, of: str, year: int, quarter: int | None = None) -> Outcome:
    """A draft filled with the figures of its day; refused before the quarter, or where no township had a year then."""
    day = day_of(quarter, year, act.on)
    if day is None:
        raise Refused(
            _("%(year)s 年第 %(quarter)s 季度还没有开始，不能起草。") % {"year": year, "quarter": quarter}
        )
    draft = drafted(county, year, quarter, day)
    if draft is None:
        raise Refused(
            _("%(year)s 年第 %(quarter)s 季度各乡镇没有在办的年度，不能起草。")
            % {"year": year, "quarter": quarter}
            if quarter
            else _("没有乡镇启动 %(year)s 年度，不能起草。") % {"year": year}
        )
    bulletin = Bulletin.objects.create(
        unit=county,
        of=of,
        year=year,
        quarter=quarter,
        title=draft.title,
        body=draft.body,
        figures=draft.figures,
        as_of=draft.as_of,
        drafted_on=act.on,
        by=act.person,
    )
    after = {"bulletin": bulletin.reference, "figures": len(draft.figures), "as_of": draft.as_of.isoformat()}
    return Outcome(after=after)


def edit_bulletin(act: Act, bulletin: Bulletin, *, title: str, words: str) -> None:
    """Other words for a draft; the trail keeps their commitment, the figures stay as they were drawn."""
    Bulletin.objects.filter(pk=bulletin.pk).update(body=words)
    fire(bulletin, "edit", act, title=title)


def send_bulletin(act: Act, bulletin: Bulletin, *, townships: Iterable[Unit]) -> None:
    """Send it as any circular is sent, to those who are what they are on the day."""
    to = list(townships)
    circulate(act, bulletin.unit, title=bulletin.title, words=bulletin.body, townships=to)
    fire(bulletin, "send", act, sent_on=act.on, addressee=addressed(bulletin.unit, to))
