"""Django's translation tags in the words of the hall a page is about, in the place of `i18n`.

The page's context names the hall. What a template says is the program's own text and is put into the hall's words; what it
fills in is data and stays. A language with a catalogue of its own keeps what stands there.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.template.base import Parser, Token, TokenType
from django.templatetags import i18n
from django.utils.safestring import SafeData, mark_safe

from workflow.people.models import Unit
from workflow.people.wording import has_own_words, worded

register = template.Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class SaidNode(template.Node):
    """`{% translate %}`, its text in the hall's words."""

    child_nodelists = ()

    def __init__(self, node: i18n.TranslateNode) -> None:
        self.node = node

    def render(self, context: Context) -> Any:
        told, hall = self.node.render(context), context.get("hall")
        if hall is None or not has_own_words(hall):
            return told
        if self.node.asvar:
            context[self.node.asvar] = _said(context[self.node.asvar], hall)
            return told
        return _said(told, hall)


def _said(text: Any, hall: Unit) -> str:
    said = worded(text, hall)
    return mark_safe(said) if isinstance(text, SafeData) else said  # noqa: S308  (no mark of it comes from outside)


class SaidBlockNode(template.Node):
    """`{% blocktranslate %}`, its sentence in the hall's words and what fills it as it is."""

    child_nodelists = ()

    def __init__(self, node: i18n.BlockTranslateNode) -> None:
        self.node = node

    def render(self, context: Context) -> Any:
        hall = context.get("hall")
        node = self._in_words_of(hall) if hall and has_own_words(hall) else self.node
        return node.render(context)

    def _in_words_of(self, hall: Unit) -> i18n.BlockTranslateNode:
        node = self.node
        return i18n.BlockTranslateNode(
            node.extra_context,
            _worded(node.singular, hall),
            _worded(node.plural, hall) if node.plural else None,
            node.countervar,
            node.counter,
            node.message_context,
            trimmed=node.trimmed,
            asvar=node.asvar,
        )


def _worded(tokens: list[Token], hall: Unit) -> list[Token]:
    return [
        Token(token.token_type, worded(token.contents, hall)) if token.token_type == TokenType.TEXT else token
        for token in tokens
    ]


def _translate(parser: Parser, token: Token) -> SaidNode:
    return SaidNode(i18n.do_translate(parser, token))


def _block_translate(parser: Parser, token: Token) -> SaidBlockNode:
    return SaidBlockNode(i18n.do_block_translate(parser, token))


for name in ("translate", "trans"):
    register.tag(name, _translate)
for name in ("blocktranslate", "blocktrans"):
    register.tag(name, _block_translate)
