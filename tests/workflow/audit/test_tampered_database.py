"""Random tampering in a database itself, by its owner with triggers and policies off; found by `verify_trail`'s own reading.

`test_tampering.py` does the same to rows in memory, thousands of times; here PostgreSQL holds them. Every tampering is
taken back before the next one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from django.db import connection, connections, transaction
from psycopg.conninfo import conninfo_to_dict

from tests.builders import at
from tests.databases import Server
from workflow.audit.chain import leaf_of
from workflow.audit.checking import OutsideHead, Verdict
from workflow.audit.heads import links_of
from workflow.audit.merkle import Peaks
from workflow.audit.models import Entry, Head, Leaf
from workflow.audit.services import Act, write_down
from workflow.audit.verify import verify
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit

pytestmark = pytest.mark.long
ENTRIES, HEAD_EVERY = 120, 10

# What an owner who knows the layout does after a change: number the leaves again and compute every hash anew.
RECHAIN = """
CREATE FUNCTION pg_temp.rechain(chained bigint) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    one record;
    number bigint := 0;
    digest bytea := decode(repeat('00', 32), 'hex');
    prior bytea;
BEGIN
    FOR one IN
        SELECT l.entry_id, l.recorded_at, e.body FROM workflow_leaf l LEFT JOIN workflow_entry e ON e.id = l.entry_id
        WHERE l.unit_id = chained ORDER BY l.index, l.entry_id DESC
    LOOP
        number := number + 1;
        prior := digest;
        digest := sha256(prior || convert_to('piaojue-leaf-v1' || E'\\n' || chained || E'\\n' || number || E'\\n'
            || one.entry_id || E'\\n' || to_char(one.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            || E'\\n' || coalesce(one.body, ''), 'UTF8'));
        UPDATE workflow_leaf SET index = number, prev = prior, hash = digest WHERE entry_id = one.entry_id;
    END LOOP;
    RETURN digest;
END $$;
"""
POWERLESS = [
    "ALTER TABLE workflow_leaf DROP CONSTRAINT leaf_unit_index_gapless",
    *(
        f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY"
        for table in ("workflow_entry", "workflow_leaf", "workflow_head")
    ),
]


def run(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Trail:
    """A unit's trail as it stood: the ids of its entries in the order of the chain, and what was kept of it outside."""

    unit: int
    other: int
    ids: Sequence[int]
    heads: Sequence[OutsideHead]

    @property
    def size(self) -> int:
        return len(self.ids)

    def verdict(self) -> Verdict:
        return verify(self.unit, outside=self.heads)


def heads_of(unit: int) -> list[OutsideHead]:
    peaks, found = Peaks(), []
    links = list(links_of(unit, 0, ENTRIES))
    for link in links:
        peaks.add(leaf_of(link))
        if link.index % HEAD_EVERY == 0 or link.index == len(links):
            found.append(OutsideHead(link.index, link.hash.hex(), peaks.root().hex()))
    return found


@pytest.fixture
def trail(fresh_database: str, database_server: Server) -> Iterator[Trail]:
    """Two units' committed trails; from here on Django speaks to the database as its owner, in one transaction."""
    with within(SYSTEM):
        people = [User.objects.create(username=f"{office}@T01", name=office) for office in ("clerk", "mayor")]
        units = [create_unit(code=code, name=f"{code}镇", kind=UnitKind.TOWNSHIP) for code in ("T01", "T02")]
        for number in range(ENTRIES):
            for unit in units:
                act = Act(people[number % 2], "clerk", unit, at("2026-03-01"))
                write_down(act, "test.act", f"thing:{number}", after={"sum": number, "text": "同意😀"})
    given, alias = conninfo_to_dict(database_server.urls.owner), connections.settings["default"]
    before = {name: alias[name] for name in ("USER", "PASSWORD")}
    connections.close_all()
    alias |= {"USER": given["user"], "PASSWORD": given.get("password", "")}
    try:
        with transaction.atomic():
            apply(SYSTEM)
            one, other = (unit.pk for unit in units)
            ids = list(Leaf.objects.filter(unit=one).order_by("index").values_list("pk", flat=True))
            found = Trail(one, other, ids, heads_of(one))
            for statement in (*POWERLESS, RECHAIN):
                run(statement)
            yield found
            transaction.set_rollback(True)
    finally:
        connections.close_all()
        alias |= before


# What is done, and the first index at which the trail is not what it was


Tampering = Callable[[Trail, random.Random], int]


def changed(statement: str, *values: object) -> None:
    """Something was really changed: a tampering of nothing would be found by nobody."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        assert cursor.rowcount > 0, statement


def edit(trail: Trail, chance: random.Random) -> int:
    """A text in a body, or the actor in it with the column beside."""
    at = chance.randrange(trail.size)
    if chance.random() < 0.5:
        changed("UPDATE workflow_entry SET body = replace(body, '同意', '反对') WHERE id = %s", trail.ids[at])
    else:
        changed(
            "UPDATE workflow_entry e SET actor_id = u.id, body = replace(e.body, e.body::jsonb ->> 'actor', u.username)"
            " FROM workflow_user u WHERE e.id = %s AND u.id <> e.actor_id",
            trail.ids[at],
        )
    return at + 1


def delete(trail: Trail, chance: random.Random) -> int:
    """One to three entries, with their leaves or without."""
    at = chance.randrange(trail.size)
    gone = list(trail.ids[at : at + chance.randint(1, 3)])
    if chance.random() < 0.7:
        changed("DELETE FROM workflow_leaf WHERE entry_id = ANY (%s)", gone)
    changed("DELETE FROM workflow_entry WHERE id = ANY (%s)", gone)
    return at + 1


def swap(trail: Trail, chance: random.Random) -> int:
    """Two entries change places, or what they say."""
    one, two = sorted(chance.sample(range(trail.size), 2))
    pair = [trail.ids[one], trail.ids[two], trail.ids[two], trail.ids[one]]
    if chance.random() < 0.5:
        changed(
            "UPDATE workflow_leaf l SET index = o.index FROM workflow_leaf o"
            " WHERE (l.entry_id, o.entry_id) IN ((%s, %s), (%s, %s))",
            *pair,
        )
    else:
        changed(
            "UPDATE workflow_entry e SET body = o.body, at = o.at, actor_id = o.actor_id FROM workflow_entry o"
            " WHERE (e.id, o.id) IN ((%s, %s), (%s, %s))",
            *pair,
        )
    return one + 1


def insert(trail: Trail, chance: random.Random) -> int:
    """A forged entry with a leaf of its own, in the place of another."""
    at = chance.randrange(trail.size)
    ((made,),) = run(
        "INSERT INTO workflow_entry (unit_id, at, actor_id, body)"
        " SELECT unit_id, at, actor_id, replace(body, '同意', '弃权') FROM workflow_entry WHERE id = %s RETURNING id",
        trail.ids[at],
    )
    changed(
        "INSERT INTO workflow_leaf (entry_id, unit_id, index, recorded_at, prev, hash)"
        " SELECT %s, unit_id, index, recorded_at, prev, hash FROM workflow_leaf WHERE entry_id = %s",
        made, trail.ids[at],
    )  # fmt: skip
    return at + 1


def truncate(trail: Trail, chance: random.Random) -> int:
    """The end of the trail, or every table of it emptied."""
    at = chance.randrange(trail.size)
    if chance.random() < 0.2:
        run("TRUNCATE workflow_entry CASCADE")
        return 1
    changed("DELETE FROM workflow_leaf WHERE unit_id = %s AND index > %s", trail.unit, at)
    changed("DELETE FROM workflow_entry WHERE id = ANY (%s)", list(trail.ids[at:]))
    return at + 1


def move_out(trail: Trail, chance: random.Random) -> int:
    """An entry goes to the end of another unit's trail, its body saying that it is theirs, or not."""
    at = chance.randrange(trail.size)
    body = 'replace(body, \'"unit":"T01"\', \'"unit":"T02"\')' if chance.random() < 0.5 else "body"
    changed(
        f"UPDATE workflow_entry SET unit_id = %s, body = {body} WHERE id = %s", trail.other, trail.ids[at]
    )
    changed(
        "UPDATE workflow_leaf SET unit_id = %s, index = index + 1000 WHERE entry_id = %s",
        trail.other, trail.ids[at],
    )  # fmt: skip
    return at + 1


def move_in(trail: Trail, chance: random.Random) -> int:
    """An entry of another unit comes to stand among these."""
    at = chance.randrange(trail.size)
    ((taken,),) = run(
        "SELECT entry_id FROM workflow_leaf WHERE unit_id = %s AND index = %s", trail.other, at + 1
    )
    changed("UPDATE workflow_entry SET unit_id = %s WHERE id = %s", trail.unit, taken)
    changed("UPDATE workflow_leaf SET unit_id = %s WHERE entry_id = %s", trail.unit, taken)
    return at + 1


def change_time(trail: Trail, chance: random.Random) -> int:
    """The time of recording, or the act's own: in its column, in the body, or in both."""
    at, days = chance.randrange(trail.size), chance.choice((-1, 1, 30))
    kind = chance.choice(("recorded", "column", "body", "both"))
    if kind == "recorded":
        changed(
            "UPDATE workflow_leaf SET recorded_at = recorded_at + make_interval(days => %s) WHERE entry_id = %s",
            days, trail.ids[at],
        )  # fmt: skip
    if kind in ("column", "both"):
        changed(
            "UPDATE workflow_entry SET at = at + make_interval(days => %s) WHERE id = %s", days, trail.ids[at]
        )
    if kind in ("body", "both"):
        changed(
            "UPDATE workflow_entry SET body = replace(body, '2026-03-01T', %s) WHERE id = %s",
            f"2026-03-{1 + abs(days):02}T", trail.ids[at],
        )  # fmt: skip
    return at + 1


def rewrite(trail: Trail, chance: random.Random) -> int:
    """Every entry from one on says something else."""
    at = chance.randrange(trail.size)
    changed(
        "UPDATE workflow_entry SET body = replace(body, '同意', '弃权') WHERE id = ANY (%s)",
        list(trail.ids[at:]),
    )
    return at + 1


KINDS: Sequence[Tampering] = (
    edit, delete, swap, insert, truncate, move_out, move_in, change_time, rewrite,
)  # fmt: skip
# What a chain computed anew hides from whoever has kept nothing outside.
COVERED = (edit, swap, insert, truncate, rewrite)
# How much care is taken to hide it: none; the chain computed anew; its registered end put right as well.
ROWS_ALONE, RECHAINED, REWRITTEN = range(3)


def tamper(trail: Trail, kind: Tampering, level: int, chance: random.Random) -> int:
    first = kind(trail, chance)
    if level >= RECHAINED:
        for unit in (trail.unit, trail.other):
            ((digest,),) = run("SELECT pg_temp.rechain(%s)", unit)
            if level == REWRITTEN:
                size = Leaf.objects.filter(unit=unit).count()
                Head.objects.filter(unit=unit).update(size=size, hash=digest)
    return first


def test_every_tampering_in_the_database_is_found_against_outside_heads_and_names_the_entry(
    trail: Trail, size: Callable[[str, int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control stands beside it: without those heads a chain rewritten whole passes, so it is they that find it.

    In short stretches the same is found.
    """
    assert trail.verdict().fault is None
    for number in range(size("database_tamperings", 54, 1_350)):
        kind, level = KINDS[number % len(KINDS)], number // len(KINDS) % 3
        chance = random.Random(f"database {number}")
        with transaction.atomic():
            first = tamper(trail, kind, level, chance)
            verdict = trail.verdict()
            what = (number, kind.__name__, level, first, verdict)
            assert verdict.fault is not None, what
            with monkeypatch.context() as short:
                short.setattr("workflow.audit.verify.STRETCH", 16)
                assert trail.verdict() == verdict, what
            # Nothing before the change is doubted, and the change is not passed over. A forged row may be read after the one
            # whose place it takes; a head kept of that place agrees with the latter.
            assert verdict.agreed < first + (kind is insert), what
            assert first <= max(verdict.fault.index, verdict.agreed + 1), what
            # What is named stands in the trail: the entry itself, or where the next head kept outside disagrees.
            assert verdict.fault.entry_id in {*Entry.objects.values_list("pk", flat=True), *trail.ids, 0}, (
                what
            )
            if level == ROWS_ALONE and kind in (edit, insert, change_time, rewrite):
                assert verdict.fault.index == first, what
            if level == REWRITTEN and kind in COVERED:
                assert verify(trail.unit).fault is None, what
            transaction.set_rollback(True)
    assert trail.verdict().fault is None
