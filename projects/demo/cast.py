"""The invented people of a township, in office through the same services as real ones.

Everyone here is made up. Usernames are `office@unit` with a number where several hold the same office, so a person
can be called by what they do: `township.clerk`, `township.deputy(3)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.contrib.auth.hashers import make_password

from projects.demo.names import name_of
from workflow.audit.services import Act
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.services import grant

PASSWORD = "piaojue-demo-2026"  # of the demo's invented people only; a real county never runs this
MAIL = "piaojue.example"  # a name reserved for examples: no letter can leave for it
SINGLE = ("clerk", "mayor", "gov_clerk", "finance", "legal")
DEPARTMENTS = ("农业农村办公室", "村镇建设办公室", "社会事务办公室", "卫生健康办公室", "文化站", "自然资源所")
PARTY_MEMBERS = 7
PRESIDIUM_MEMBERS = 7
CHAIRS_NUMBER = 7  # among the deputies: elected from them (组织法 18)


@dataclass
class Township:
    """A township with its people. deputies: N of them; the first seven are the presidium's members, the last of these its chair."""

    unit: Unit
    people: dict[str, list[User]] = field(default_factory=dict)
    departments: list[Unit] = field(default_factory=list)
    delegations: list[Unit] = field(default_factory=list)
    stations: list[Unit] = field(default_factory=list)

    def of(self, office: str, number: int = 1) -> User:
        """The number-th holder of an office, from 1."""
        return self.people[office][number - 1]

    @property
    def deputies(self) -> list[User]:
        return self.people["deputy"]

    def department_clerk(self, unit: Unit) -> User:
        return self.people["department"][[d.pk for d in self.departments].index(unit.pk)]

    def delegation_lead(self, unit: Unit) -> User:
        return self.people["delegation_lead"][[d.pk for d in self.delegations].index(unit.pk)]

    def act(self, office: str, at: datetime, number: int = 1) -> Act:
        return Act(self.of(office, number), office, self.unit, at)


@dataclass
class Casting:
    """Makes units and people and grants their offices. since: the day every office begins."""

    admin_act: Act
    since: date

    @cached_property
    def stored_password(self) -> str:
        """The demo password as stored, hashed once for the whole cast."""
        return make_password(PASSWORD)

    def person(self, username: str, name: str) -> User:
        email = f"{username.replace('@', '.')}@{MAIL}"
        return User.objects.create(username=username, name=name, email=email, password=self.stored_password)

    def appoint(self, user: User, office: str, unit: Unit, **more: Any) -> User:
        grant(user=user, office=office, unit=unit, act=self.admin_act, since=self.since, **more)
        return user

    def township(
        self,
        code: str,
        name: str,
        county: Unit,
        *,
        deputies: int,
        kind: str = UnitKind.TOWNSHIP,
        delegations: int = 3,
    ) -> Township:
        """A township with every office of the seat table filled; `deputies` is N."""
        unit = create_unit(code=code, name=name, kind=kind, parent=county)
        made = Township(unit)
        for office in SINGLE:
            made.people[office] = [self._one(made, office, unit)]
        self._bodies(made, deputies)
        self._inner_units(made, delegations)
        return made

    def _one(self, made: Township, office: str, unit: Unit, number: int = 0) -> User:
        username = f"{office}@{made.unit.code}" if not number else f"{office}{number}@{made.unit.code}"
        return self.appoint(self.person(username, name_of(username)), office, unit)

    def _deputy(self, made: Township, number: int) -> User:
        office = "chair" if number == CHAIRS_NUMBER else f"deputy{number}"
        username = f"{office}@{made.unit.code}"
        return self.appoint(self.person(username, name_of(username)), "deputy", made.unit)

    def _bodies(self, made: Township, deputies: int) -> None:
        unit = made.unit
        made.people["party"] = [self._one(made, "party", unit, n) for n in range(1, PARTY_MEMBERS + 1)]
        made.people["deputy"] = [self._deputy(made, n) for n in range(1, deputies + 1)]
        made.people["chair"] = [self.appoint(made.of("deputy", CHAIRS_NUMBER), "chair", unit)]
        members = [made.people["chair"][0], *made.people["deputy"][: PRESIDIUM_MEMBERS - 1]]
        made.people["presidium"] = [self.appoint(user, "presidium", unit) for user in members]
        tellers = made.people["deputy"][PRESIDIUM_MEMBERS : PRESIDIUM_MEMBERS + 3]
        made.people["chief_teller"] = [self.appoint(tellers[0], "chief_teller", unit)]
        made.people["teller"] = [self.appoint(user, "teller", unit) for user in tellers[1:]]
        made.people["counter"] = [self._one(made, "counter", unit, n) for n in (1, 2)]
        made.people["senior_deputy"] = [self._one(made, "senior_deputy", unit)]

    def _inner_units(self, made: Township, delegations: int) -> None:
        code = made.unit.code
        for n, name in enumerate(DEPARTMENTS, 1):
            unit = create_unit(code=f"{code}-D{n}", name=name, kind=UnitKind.DEPARTMENT, parent=made.unit)
            made.departments.append(unit)
            made.people.setdefault("department", []).append(self._one(made, "department", unit, n))
        for n in range(1, delegations + 1):
            unit = create_unit(
                code=f"{code}-T{n}",
                name=f"第{'一二三四五六'[n - 1]}代表团",
                kind=UnitKind.DELEGATION,
                parent=made.unit,
            )
            made.delegations.append(unit)
            lead = made.people["deputy"][10 + n]
            made.people.setdefault("delegation_lead", []).append(self.appoint(lead, "delegation_lead", unit))
        for n in (1, 2):
            unit = create_unit(
                code=f"{code}-S{n}", name=f"{n} 号代表联络站", kind=UnitKind.STATION, parent=made.unit
            )
            made.stations.append(unit)
            made.people.setdefault("station", []).append(self._one(made, "station", unit, n))
