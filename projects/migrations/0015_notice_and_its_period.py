"""The day the list must be posted by and the length of its notice are two terms; what a rulebook set was the length."""

from django.db import migrations

BOOKS = (("projects_cycle", "rules_data"), ("projects_rulebook", "data"))
SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
POSTED_WITHIN = 1
APART = (
    "UPDATE {table} SET {column} = jsonb_set(jsonb_set({column}, "
    "ARRAY['deadlines', 'selection.notice_period'], {column} #> ARRAY['deadlines', 'selection.notice']), "
    "ARRAY['deadlines', 'selection.notice'], to_jsonb(%s)) "
    "WHERE {column} #> ARRAY['deadlines', 'selection.notice'] IS NOT NULL "
    "AND {column} #> ARRAY['deadlines', 'selection.notice_period'] IS NULL"
)
TOGETHER = (
    "UPDATE {table} SET {column} = jsonb_set({column}, ARRAY['deadlines', 'selection.notice'], "
    "{column} #> ARRAY['deadlines', 'selection.notice_period']) #- ARRAY['deadlines', 'selection.notice_period'] "
    "WHERE {column} #> ARRAY['deadlines', 'selection.notice_period'] IS NOT NULL"
)


def set_apart(apps, schema_editor):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    for table, column in BOOKS:
        run(APART.format(table=table, column=column), [POSTED_WITHIN])


def put_together(apps, schema_editor):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    for table, column in BOOKS:
        run(TOGETHER.format(table=table, column=column))


class Migration(migrations.Migration):
    dependencies = [("projects", "0014_the_list_is_concluded")]

    operations = [migrations.RunPython(set_apart, put_together)]
