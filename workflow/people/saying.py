"""The language of the record, and refusals that are raised in it and read in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, cast

from django.conf import settings
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise, lazy

from workflow.people.sentences import Sentence


def in_the_records_language() -> AbstractContextManager[None]:
    """What an act writes down inside the block is Chinese, whatever the actor's pages speak.

    Trail, papers and minutes are read by everybody and for good; a record in each actor's own language is none.
    """
    return cast("AbstractContextManager[None]", translation.override(settings.LANGUAGE_CODE))


class Said(Sentence):
    """A text in the language of the moment that can be said again in another; filled, it keeps what fills it."""

    __slots__ = ()

    @classmethod
    def of(cls, msgid: str, values: Any = None) -> Said:
        return cls.filled(translation.gettext(msgid), msgid, values)

    def __mod__(self, values: Any) -> Said:
        return Said.of(self.msgid, values)


def said(text: str) -> str:
    """`gettext` for what an act may refuse with; rooms import it as `_`, so that the catalogue finds their texts."""
    return Said.of(text)


def said_again(text: Any) -> str:
    """A refusal's or a rule's text in the language of the moment; what keeps no message stays as it is."""
    if not isinstance(text, Sentence):
        return str(text)
    return str(Said.of(text.msgid, _again(text.values)))


# A rule's text where it is shown, in the language of whoever looks then.
said_later = lazy(said_again, str)


def _again(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _one_again(value) for name, value in values.items()}
    return values if values is None else _one_again(values)


def _one_again(value: Any) -> Any:
    """What fills a sentence: a state or an office was already said and is a text of the catalogue, a name is none."""
    if isinstance(value, Sentence | Promise):
        return said_again(value)
    if isinstance(value, date):
        return date_format(value)
    return translation.gettext(value) if isinstance(value, str) and value else value


def day_said(value: Any) -> str:
    """A day as entries keep it (ISO), as the language of the moment writes it; any other text as it is, "" for None."""
    text = "" if value is None else str(value)
    day = parse_date(text)
    return date_format(day) if day else text


def listed(parts: Iterable[Any], between: str = "、") -> str:
    """Parts one after another with the punctuation of the language of the moment. between: 、 or ； or ，."""
    return translation.gettext(between).join(map(str, parts))


def titled(what: Any, which: Any) -> str:
    """`what：which` with the punctuation of the language of the moment."""
    return f"{what}{translation.gettext('：')}{which}"


def bracketed(what: Any, more: Any) -> str:
    """`what（more）` with the brackets of the language of the moment."""
    return f"{what}{translation.gettext('（')}{more}{translation.gettext('）')}"
