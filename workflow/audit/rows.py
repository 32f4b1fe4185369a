"""Changes of rows below the acts: made past the services, in the admin, a shell or plain SQL (integrity.md §1).

A row of a watched table that changes in a transaction without an act in that row's unit or one above it becomes an
entry of the unit's trail, written by the database itself at COMMIT: it is chained, signed for, exported and searched like every other, and
whoever can switch the trigger off can still not take such an entry away unseen. A change inside an act leaves nothing
more: the act's own entry says what happened.

Watched is every table whose rows mean something to a reader of the trail, but for the ballots: neither who cast one
nor what is in it. Why any other is not stands in tests/workflow/audit/test_rows.py.

Which it is can only be told at COMMIT, for the services change first and write down after. Every entry notes its unit
and number in a setting of the transaction; the setting is taken for a hint alone, and the entry is looked up and must
be one of this very transaction. So whoever wants a change to pass as part of an act has to leave an entry saying so.

A migration that changes rows of a watched table and then alters that table needs SET CONSTRAINTS ALL IMMEDIATE in
between, and leaves these entries like anybody else.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

ADDED, CHANGED, REMOVED = "row.add", "row.change", "row.remove"
ACTIONS = (ADDED, CHANGED, REMOVED)
OFFICE = "database"
# What an entry's `after` says beside the columns. hidden: columns that changed and whose values stay out of the trail.
TABLE, ROW, ROLE, APPLICATION, HIDDEN = "row_table", "row_id", "row_role", "row_application", "row_hidden"
BESIDE = (TABLE, ROW, ROLE, APPLICATION, HIDDEN)

BEGIN_ACT = """
CREATE FUNCTION piaojue_begin_act() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    acts text := coalesce(current_setting('piaojue.acts', true), '');
BEGIN
    IF position(',' || NEW.unit_id || ':' IN acts) = 0 THEN
        acts := set_config('piaojue.acts', acts || ',' || NEW.unit_id || ':' || NEW.id, true);
    END IF;
    RETURN NULL;
END $$;
"""

# A row that is visible here and whose transaction is still under way is this transaction's own, savepoints included.
# An act of a unit above covers the row too: offices are given in the county's trail. The entry of a changed row is none.
# Asked at every watched row: under the search path of its caller, which is fixed; the unit's own entry is looked up first,
# by its number: nearly always it is the one, and a hundred rows of an act then take a third of the time.
_UNDER_WAY = """e.action NOT LIKE 'row.%' AND CASE WHEN age(e.xmin) <= 0 THEN
            pg_xact_status((pg_current_xact_id()::text::bigint - age(e.xmin))::text::xid8) = 'in progress'
        END"""
IN_ACT = f"""
CREATE FUNCTION piaojue_in_act(unit bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    acts text := coalesce(current_setting('piaojue.acts', true), '');
    own text := split_part(split_part(acts, ',' || unit || ':', 2), ',', 1);
BEGIN
    IF own <> '' AND EXISTS (
        SELECT FROM workflow_entry e WHERE e.id = own::bigint AND e.unit_id = unit AND {_UNDER_WAY}
    ) THEN
        RETURN true;
    END IF;
    RETURN acts <> '' AND EXISTS (
        SELECT FROM unnest(string_to_array(substr(acts, 2), ',')) AS said (pair)
        JOIN workflow_entry e ON e.id = split_part(pair, ':', 2)::bigint
            AND e.unit_id = split_part(pair, ':', 1)::bigint
        WHERE (
            e.unit_id = unit OR (SELECT u.path FROM workflow_unit u WHERE u.id = unit) LIKE '%/' || e.unit_id || '/%'
        ) AND {_UNDER_WAY}
    );
END $$;
"""  # noqa: S608

# Values as RFC 8785 has them: text, whole numbers, booleans and null as JSON; anything else as text.
CANONICAL = """
CREATE FUNCTION piaojue_canonical(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE
        WHEN value IS NULL THEN 'null'
        WHEN jsonb_typeof(value) IN ('boolean', 'null') OR value::text ~ '^-?[0-9]{1,15}$' THEN value::text
        ELSE to_json(value #>> '{}')::text
    END
$$;
"""

OBJECT = """
CREATE FUNCTION piaojue_object(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT '{' || coalesce(string_agg(to_json(key)::text || ':' || public.piaojue_canonical(one), ','
        ORDER BY key COLLATE "C"), '') || '}' FROM jsonb_each(value) AS pair (key, one)
$$;
"""

# TG_ARGV: whose the row is (`WatchRows.unit`); SQL for the subject and for what that belongs to, of the row as $1; the
# step; the columns whose values may stand in the trail; the column of the row's own number.
# SECURITY DEFINER and the context of the system: it has to see and write the trail whoever made the change.
# The commonest ways to say whose a row is are spelled out: SQL put together here is planned anew at every row. A setting
# is assigned: a bare expression is worked out in place, PERFORM would run a statement.
WATCH = """
CREATE FUNCTION piaojue_watch_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    units bigint[];
    unit bigint;
    mode text := coalesce(current_setting('piaojue.mode', true), '');
    now_mode text := set_config('piaojue.mode', 'system', true);
BEGIN
    IF TG_ARGV[0] = 'unit_id' THEN
        units := CASE TG_OP
            WHEN 'INSERT' THEN ARRAY[NEW.unit_id]
            WHEN 'DELETE' THEN ARRAY[OLD.unit_id]
            ELSE ARRAY[OLD.unit_id, NEW.unit_id] END;
    ELSIF TG_ARGV[0] = 'tenant_id' THEN
        units := CASE TG_OP
            WHEN 'INSERT' THEN ARRAY[coalesce(NEW.tenant_id, NEW.id)]
            WHEN 'DELETE' THEN ARRAY[coalesce(OLD.tenant_id, OLD.id)]
            ELSE ARRAY[coalesce(OLD.tenant_id, OLD.id), coalesce(NEW.tenant_id, NEW.id)] END;
    ELSIF TG_ARGV[0] = 'data' THEN
        units := CASE TG_OP
            WHEN 'INSERT' THEN ARRAY[(NEW.data ->> 'unit')::bigint]
            WHEN 'DELETE' THEN ARRAY[(OLD.data ->> 'unit')::bigint]
            ELSE ARRAY[(OLD.data ->> 'unit')::bigint, (NEW.data ->> 'unit')::bigint] END;
    ELSIF TG_ARGV[0] = 'process_id' THEN
        units := CASE WHEN TG_OP <> 'INSERT' THEN
                ARRAY(SELECT (p.data ->> 'unit')::bigint FROM viewflow_process p WHERE p.id = OLD.process_id) END
            || CASE WHEN TG_OP <> 'DELETE' THEN
                ARRAY(SELECT (p.data ->> 'unit')::bigint FROM viewflow_process p WHERE p.id = NEW.process_id) END;
    ELSE
        units := piaojue_units_of(
            TG_ARGV[0], CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END
        );
    END IF;
    IF units[1] = units[2] THEN
        units := units[1:1];
    END IF;
    FOREACH unit IN ARRAY array_remove(units, NULL) LOOP
        IF NOT piaojue_in_act(unit) THEN
            PERFORM piaojue_note_row(
                unit, TG_OP, TG_TABLE_NAME, TG_ARGV,
                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ELSE '{}' END,
                CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE '{}' END
            );
        END IF;
    END LOOP;
    now_mode := set_config('piaojue.mode', mode, true);
    RETURN NULL;
END $$;
"""

# The units of a row as it was and as it became, in one order for everybody: heads are locked in it.
UNITS = """
CREATE FUNCTION piaojue_units_of(sql text, was jsonb, became jsonb) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    before bigint[];
    after bigint[];
BEGIN
    IF was IS NOT NULL THEN
        EXECUTE 'SELECT ' || sql INTO before USING was;
    END IF;
    IF became IS NOT NULL THEN
        EXECUTE 'SELECT ' || sql INTO after USING became;
    END IF;
    RETURN ARRAY(SELECT DISTINCT one FROM unnest(before || after) AS one WHERE one IS NOT NULL ORDER BY one);
END $$;
"""

NOTE = """
CREATE FUNCTION piaojue_note_row(unit bigint, op text, tab text, args text[], was jsonb, became jsonb)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept jsonb := CASE WHEN op = 'DELETE' THEN was ELSE became END;
    told text[] := string_to_array(args[4], ',');
    now_utc timestamptz := clock_timestamp();
    before jsonb;
    after jsonb;
    hidden text;
    subject text;
    about text;
BEGIN
    SELECT coalesce(jsonb_object_agg(key, was -> key) FILTER (WHERE key = ANY (told) AND was ? key), '{}'),
        coalesce(jsonb_object_agg(key, became -> key) FILTER (WHERE key = ANY (told) AND became ? key), '{}'),
        coalesce(string_agg(key, ',' ORDER BY key COLLATE "C") FILTER (WHERE key <> ALL (told)), '')
        INTO before, after, hidden
        FROM jsonb_object_keys(was || became) AS key WHERE was -> key IS DISTINCT FROM became -> key;
    EXECUTE 'SELECT ' || args[1] || ', ' || args[2] INTO subject, about USING kept;
    after := after || jsonb_build_object(
        'row_table', tab, 'row_id', kept ->> args[5], 'row_role', session_user,
        'row_application', current_setting('application_name'), 'row_hidden', hidden
    );
    INSERT INTO workflow_entry (unit_id, at, body) SELECT unit, now_utc,
        '{"about":' || piaojue_canonical(to_jsonb(coalesce(about, '')))
        || ',"action":"' || CASE op WHEN 'INSERT' THEN 'row.add' WHEN 'DELETE' THEN 'row.remove' ELSE 'row.change' END
        || '","actor":"","after":' || piaojue_object(after)
        || ',"at":"' || to_char(now_utc AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","before":' || piaojue_object(before)
        || ',"label":' || piaojue_canonical(to_jsonb(CASE WHEN 'title' = ANY (told) THEN coalesce(kept ->> 'title', '') ELSE '' END))
        || ',"office":"database","reason":"","request":"","step":' || coalesce(nullif(args[3], ''), 'null')
        || ',"subject":' || piaojue_canonical(to_jsonb(coalesce(subject, '')))
        || ',"task":"","unit":' || piaojue_canonical(to_jsonb(u.code)) || '}'
        FROM workflow_unit u WHERE u.id = unit;
END $$;
"""

FUNCTIONS = (BEGIN_ACT, IN_ACT, CANONICAL, OBJECT, NOTE, UNITS, WATCH)
# Only the trigger may call what writes, or anybody could put such a line into the trail; and nobody may hang the
# trigger's own function, which runs as the owner and evaluates what it is given, on a table of their own.
CLOSED = """
REVOKE EXECUTE ON FUNCTION piaojue_watch_row() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION piaojue_units_of(text, jsonb, jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION piaojue_note_row(bigint, text, text, text[], jsonb, jsonb) FROM PUBLIC;
CREATE TRIGGER entry_begins AFTER INSERT ON workflow_entry FOR EACH ROW
    WHEN (NEW.action NOT LIKE 'row.%') EXECUTE FUNCTION piaojue_begin_act();
"""
DROP = """
DROP TRIGGER entry_begins ON workflow_entry;
DROP FUNCTION piaojue_watch_row();
DROP FUNCTION piaojue_units_of(text, jsonb, jsonb);
DROP FUNCTION piaojue_note_row(bigint, text, text, text[], jsonb, jsonb);
DROP FUNCTION piaojue_object(jsonb);
DROP FUNCTION piaojue_canonical(jsonb);
DROP FUNCTION piaojue_in_act(bigint);
DROP FUNCTION piaojue_begin_act();
"""


# How whose a row is may be said (`WatchRows.unit`) without SQL of one's own.
UNIT, TENANT = "unit_id", "tenant_id"
OF_PROCESS, OF_TASK = "data", "process_id"
ANY_COLUMN = "OLD.* IS DISTINCT FROM NEW.*"


def differs(*columns: str) -> str:
    """SQL for `WatchRows.when`: one of these columns became another."""
    old, new = (", ".join(f"{side}.{column}" for column in columns) for side in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def of_whole(column: str, whole: str) -> str:
    """SQL for `WatchRows.unit` of a relation's rows: the unit of what they belong to. column: names it; whole: its table."""
    return f"ARRAY(SELECT unit_id FROM {whole} WHERE id = ($1 ->> '{column}')::bigint)"  # noqa: S608


class WatchRows(migrations.operations.base.Operation):
    """Watch a model's table: what changes there without an act becomes an entry of its unit's trail.

    model: of the migration's own app, or "app.model". subject: "kind:column", or SQL of the row as jsonb $1: what such
    an entry is on; about: SQL for what that belongs to. step: 1 to 6, None for what belongs to none. told: columns of text or
    JSON whose values may stand in the trail, which keeps them for ever: of every other only the name is told
    (integrity.md §1.6), as of a column added later. alone: of columns of numbers, days and codes too only those in
    `told`. unit: in whose trail: UNIT, TENANT, OF_PROCESS, OF_TASK, or SQL for an array of units of the row as $1.
    when: SQL over OLD and NEW, under which an update counts. added: whether a row added counts.
    """

    reversible = True

    def __init__(
        self,
        model: str,
        *,
        subject: str,
        about: str = "''",
        step: int | None = None,
        told: tuple[str, ...] = (),
        alone: bool = False,
        unit: str = UNIT,
        when: str = ANY_COLUMN,
        added: bool = True,
    ) -> None:
        self.model, self.subject, self.about = model, subject, about
        self.step, self.told, self.alone, self.unit = step, told, alone, unit
        self.when, self.added = when, added

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        kwargs = {
            "subject": self.subject,
            "about": self.about,
            "step": self.step,
            "told": self.told,
            "alone": self.alone,
            "unit": self.unit,
            "when": self.when,
            "added": self.added,
        }
        return (self.__class__.__name__, [self.model], kwargs)

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def _model(self, app_label: str, state: Any) -> Any:
        app, _dot, name = self.model.rpartition(".")
        return state.apps.get_model(app or app_label, name)

    def _subject(self) -> str:
        if "$1" in self.subject:
            return self.subject
        kind, _colon, column = self.subject.partition(":")
        return f"'{kind}:' || coalesce($1 ->> '{column}', '')"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = self._model(app_label, to_state)
        told = ",".join(sorted({*([] if self.alone else _plain(model)), *self.told}))
        given = (self.unit, self._subject(), self.about, str(self.step or ""), told, model._meta.pk.column)
        call = f"piaojue_watch_row({', '.join(map(schema_editor.quote_value, given))})"
        table = model._meta.db_table
        for name, event, only in (
            ("watched", "UPDATE", f"WHEN ({self.when})"),
            ("watched_whole", "INSERT OR DELETE" if self.added else "DELETE", ""),
        ):
            schema_editor.execute(
                f'CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON "{table}" DEFERRABLE INITIALLY DEFERRED'
                f" FOR EACH ROW {only} EXECUTE FUNCTION {call}",
                params=None,
            )
        schema_editor.execute(
            f'CREATE TRIGGER kept BEFORE TRUNCATE ON "{table}"'
            " FOR EACH STATEMENT EXECUTE FUNCTION piaojue_refuse_change()"
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self._model(app_label, from_state)._meta.db_table
        for name in ("watched", "watched_whole", "kept"):
            schema_editor.execute(f'DROP TRIGGER {name} ON "{table}"')

    def describe(self) -> str:
        return f"What changes in {self.model} without an act is written down"


def _plain(model: type[models.Model]) -> list[str]:
    """Columns that hold no free text: numbers, days, yes and no, references by number, and codes to choose from."""
    free = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField)
    return [
        str(field.column)
        for field in model._meta.concrete_fields
        if field.choices or not isinstance(field, free)
    ]
