"""Presentation only: words of the domain for its pages."""

from django import template

from projects.cycles.periods import words_of_period

register = template.Library()
register.filter("period_words", words_of_period)
