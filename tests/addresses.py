"""Every address of the site as the URL configuration writes it, and what an answer to a call says."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pypdf
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from workflow.roles.middleware import SESSION_KEY
from workflow.roles.models import RoleGrant

PART = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One address. path: with its parts in angle brackets; name: the page's, empty where it has none."""

    path: str
    name: str

    @property
    def parts(self) -> list[str]:
        """The names of what stands in it, in their order."""
        return PART.findall(self.path)

    def filled(self, values: Iterable[object]) -> str:
        """The address with these in place of its parts."""
        given = iter(values)
        return PART.sub(lambda _part: str(next(given)), self.path)


def routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "/") -> Iterator[Route]:
    """Every one of the site."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, before + str(one.pattern))
        else:
            yield Route(before + str(one.pattern).removesuffix("\\Z"), one.name or "")


def signed_in(grant: RoleGrant) -> Client:
    """Somebody at the site who acts in this office; a view that fails answers with 500."""
    client = Client(raise_request_exception=False)
    client.force_login(grant.user)
    session = client.session
    session[SESSION_KEY] = grant.pk
    session.save()
    return client


def readable(body: bytes) -> str:
    """What a page or a document says: Word and Excel are zips of XML, a PDF is drawn."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return "".join(
                readable(packed.read(name)) for name in packed.namelist() if name.endswith((".xml", ".rels"))
            )
    if body.startswith(b"%PDF"):
        return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
    return body.decode("utf-8", "replace")
