"""A county with an administrator, a county clerk and two townships; clients signed in as each."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.demo.cast import PASSWORD, Casting, Township
from projects.demo.names import name_of
from tests.builders import SINCE, at
from tests.standing import standing
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

ONE_TIME = "workflow.administration.middleware.OneTimePassword"


@dataclass
class World:
    county: Unit
    admin: User
    county_clerk: User
    auditor: User
    near: Township
    far: Township


@pytest.fixture(autouse=True)
def installed(settings: Any) -> None:
    """The middleware as the site installs it."""
    if ONE_TIME not in settings.MIDDLEWARE:
        last = settings.MIDDLEWARE.index("workflow.people.middleware.ContextMiddleware")
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:last], ONE_TIME, *settings.MIDDLEWARE[last:]]


@pytest.fixture
def world(db: None) -> World:
    apply(SYSTEM)
    return standing("a county with two townships", _world)


def _world() -> World:
    county = create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)
    founder = Act(None, "operator", county, at("2020-01-01"))
    casting = Casting(founder, SINCE)
    admin = casting.appoint(casting.person("admin@C1", "韩立新"), "admin", county)
    clerk = casting.appoint(casting.person("county@C1", "冯玉兰"), "county", county)
    near, far = (_small(casting, code, name, county) for code, name in (("T01", "青溪镇"), ("T02", "白石镇")))
    auditor = casting.appoint(
        casting.person("auditor@T01", "陈明"),
        "auditor",
        near.unit,
        document="审通〔2026〕3号",
        until=date(2030, 1, 1),
    )
    return World(county, admin, clerk, auditor, near, far)


def _small(casting: Casting, code: str, name: str, county: Unit) -> Township:
    """A township with one holder of each office these tests act in."""
    made = Township(create_unit(code=code, name=name, kind=UnitKind.TOWNSHIP, parent=county))
    for office in ("chair", "clerk", "mayor", "legal", "party", "deputy", "senior_deputy"):
        username = f"{office}@{code}"
        person = casting.person(username, name_of(username))
        if office == "chair":
            casting.appoint(person, "deputy", made.unit)
        made.people[office] = [casting.appoint(person, office, made.unit)]
    return made


@pytest.fixture
def signed_in(world: World) -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        return client

    return client_of


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: Any) -> Any:
    """Post the sign-in form."""
    return client.post("/login/", {"username": username, "password": password}, **more)


def workbook(rows: list[list[Any]]) -> SimpleUploadedFile:
    """An uploaded workbook with these rows, the first being the header."""
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(buffer)
    return SimpleUploadedFile("import.xlsx", buffer.getvalue())
