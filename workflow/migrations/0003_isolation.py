"""Row-level security on the engine's tables; the run-time role loses what it must not have on the trail."""

from django.conf import settings
from django.db import migrations

from workflow.audit.database import owned_policies
from workflow.people.isolation import ForcePolicy

# A human task is kept by the unit its office is held at; a gate, a job or an end by the unit its process is of.
OF_SYSTEM = "current_setting('piaojue.mode', true) = 'system'"
AMONG = "ANY (nullif(current_setting('piaojue.{}', true), '')::bigint[])"
# The human branch comes first and settles the inbox query, whose rows all name their seat.
SEEN = (
    OF_SYSTEM + " OR CASE WHEN owner_permission_obj_pk IS NOT NULL THEN "
    "EXISTS (SELECT 1 FROM workflow_unit u WHERE u.id = owner_permission_obj_pk::bigint AND u.tenant_id = " + AMONG + ") "
    "ELSE EXISTS (SELECT 1 FROM viewflow_process p WHERE p.id = process_id AND (p.data->>'unit')::bigint = " + AMONG + ") END"
)


def protect_tasks(apps, schema_editor):
    schema_editor.execute("ALTER TABLE viewflow_task ENABLE ROW LEVEL SECURITY")
    schema_editor.execute("ALTER TABLE viewflow_task FORCE ROW LEVEL SECURITY")
    read, write = (SEEN.format(setting, setting) for setting in ("units", "writes"))
    schema_editor.execute(f"CREATE POLICY reads ON viewflow_task FOR SELECT USING ({read})")
    schema_editor.execute(f"CREATE POLICY adds ON viewflow_task FOR INSERT WITH CHECK ({write})")
    schema_editor.execute(f"CREATE POLICY edits ON viewflow_task FOR UPDATE USING ({write}) WITH CHECK ({write})")
    schema_editor.execute(f"CREATE POLICY removes ON viewflow_task FOR DELETE USING ({write})")


def release_tasks(apps, schema_editor):
    for name in ("reads", "adds", "edits", "removes"):
        schema_editor.execute(f"DROP POLICY {name} ON viewflow_task")
    schema_editor.execute("ALTER TABLE viewflow_task NO FORCE ROW LEVEL SECURITY")
    schema_editor.execute("ALTER TABLE viewflow_task DISABLE ROW LEVEL SECURITY")


def protect_chain(apps, schema_editor):
    for table in ("workflow_leaf", "workflow_head"):
        for statement in owned_policies(table):
            schema_editor.execute(statement)
        schema_editor.execute(f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM "{settings.APP_ROLE}"')
    schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON workflow_entry FROM "{settings.APP_ROLE}"')


def release_chain(apps, schema_editor):
    for table in ("workflow_leaf", "workflow_head"):
        for name in ("reads", "adds", "edits"):
            schema_editor.execute(f"DROP POLICY {name} ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


class Migration(migrations.Migration):
    dependencies = [("workflow", "0002_engine"), ("viewflow", "0015_task_scheduled")]

    operations = [
        ForcePolicy("entry", write="units"),
        ForcePolicy("rolegrant", "tenant_id", write="units", own="user_id"),
        ForcePolicy("deadline"),
        ForcePolicy("draft"),
        ForcePolicy("urge", write="units"),
        ForcePolicy("comment", write="units"),
        ForcePolicy("meeting"),
        ForcePolicy("sitting"),
        ForcePolicy("copy"),
        ForcePolicy("copyread", write="units"),
        ForcePolicy("commentfile", write="units"),
        ForcePolicy("pendingfile", write="units"),
        ForcePolicy("savedfilter", write="units"),
        ForcePolicy("salt", write="units"),
        ForcePolicy("unitchange", public="true"),
        ForcePolicy("treehead", public="true"),
        ForcePolicy("cosignature", public="true"),
        ForcePolicy("stamp", public="true"),
        # Asked for by whoever may read the unit; of an office limited to a part of the work, seen by nobody else.
        ForcePolicy("trailexport", write="units"),
        migrations.RunPython(protect_tasks, release_tasks),
        migrations.RunPython(protect_chain, release_chain),
    ]
