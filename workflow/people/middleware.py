"""Every request runs in one transaction that first says for whom it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse

from workflow.people.isolation import PUBLIC, Context, within

ContextOf = Callable[[HttpRequest], Context]


class ContextMiddleware:
    """Last in the list: calls the view inside the transaction, so that a refusal rolls back all of it.

    The context is the acting office's (`request.context`, set by the roles middleware before), or the public's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if getattr(view, "own_transaction", False):
            return None
        with within(getattr(request, "context", PUBLIC)):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
            return response
