"""The trail refuses change, and every entry gets its leaf at COMMIT (integrity.md §1); its signed heads are as fixed."""

from django.conf import settings
from django.db import migrations

from workflow.audit import database

FIXED = (
    "workflow_signingkey", "workflow_treehead", "workflow_cosignature", "workflow_stamp", "workflow_stampfailure",
)  # fmt: skip


def fix(apps, schema_editor):
    for table in FIXED:
        schema_editor.execute(
            f"CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION piaojue_refuse_change()"
        )
        schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM "{settings.APP_ROLE}"')
    # Erased with the text it opens, and never another one: then no text would open the entry any more.
    schema_editor.execute(f'REVOKE UPDATE, TRUNCATE ON workflow_salt FROM "{settings.APP_ROLE}"')


def release(apps, schema_editor):
    for table in FIXED:
        for name in ("fixed", "kept"):
            schema_editor.execute(f"DROP TRIGGER {name} ON {table}")


class Migration(migrations.Migration):
    dependencies = [("workflow", "0003_isolation")]

    operations = [
        migrations.RunSQL([database.REFUSE, database.APPEND, database.CLOSED, database.TRIGGERS], [database.DROP]),
        migrations.RunPython(fix, release),
    ]
