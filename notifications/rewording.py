"""Letters reworded by the county's administrator, for every unit below; every change stands in the trail."""

from __future__ import annotations

from datetime import UTC

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.letters import TITLES
from notifications.models import Wording
from notifications.wording import faults_of
from workflow.administration.accounts import is_admin
from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def reword(
    act: Act, grant: RoleGrant, *, letter: str, language: str, title: str, body: str, seen: str
) -> Wording:
    """Put a letter into one's own words in one language.

    seen: `stamp_of` the words the editor began with. Refused: unknown names in the words; words somebody else has
    changed meanwhile; no administrator.
    """
    _must_administer(grant, letter, language)
    if faults := faults_of(letter, title, body):
        raise Refused(*(fault for found in faults.values() for fault in found))
    with within(SYSTEM):
        kept = _for_update(act.unit, letter, language, seen)
        before = {"title": kept.title, "body": kept.body} if kept else {}
        after = {"title": title.strip(), "body": body.strip()}
        if before == after:
            raise Refused(_("模板没有改动。"))
        wording, _made = Wording.objects.update_or_create(
            unit=act.unit, letter=letter, language=language, defaults={**after, "changed_at": act.at}
        )
        names = {"letter": letter, "language": language}
        write_down(
            act,
            "letters.reword",
            act.unit.reference,
            before=before,
            after={**names, **after},
            label=str(TITLES[letter]),
        )
    return wording


def restore(act: Act, grant: RoleGrant, *, letter: str, language: str, seen: str) -> None:
    """Take one's own words back; the usual ones are used again. Refused where they are used already."""
    _must_administer(grant, letter, language)
    with within(SYSTEM):
        kept = _for_update(act.unit, letter, language, seen)
        if kept is None:
            raise Refused(_("这种消息用的就是默认模板。"))
        before = {"title": kept.title, "body": kept.body}
        kept.delete()
        write_down(
            act,
            "letters.restore_wording",
            act.unit.reference,
            before=before,
            after={"letter": letter, "language": language},
            label=str(TITLES[letter]),
        )


def stamp_of(wording: Wording | None) -> str:
    """What tells one state of a letter's words from another."""
    return wording.changed_at.astimezone(UTC).isoformat() if wording else ""


def _for_update(unit: Unit, letter: str, language: str, seen: str) -> Wording | None:
    # The unit's row is there to be locked before the letter has a row of its own.
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    kept = Wording.objects.filter(unit=unit, letter=letter, language=language).first()
    if stamp_of(kept) != seen:
        raise Taken(_("这种消息的模板刚刚由他人改过，请看过新的模板以后再改。"))
    return kept


def _must_administer(grant: RoleGrant, letter: str, language: str) -> None:
    if not is_admin(grant):
        raise NotYourTurn(_("消息模板由系统管理员修改。"))
    if letter not in TITLES or language not in LANGUAGES:
        raise Refused(_("没有这种消息。"))
