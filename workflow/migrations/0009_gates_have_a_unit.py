"""Tasks without an office (gates, jobs, ends) are seen where their process is at home: its unit stands in its data."""

from django.db import migrations

OF_SYSTEM = "current_setting('piaojue.mode', true) = 'system'"
AMONG = "ANY (nullif(current_setting('piaojue.{}', true), '')::bigint[])"
# The human branch comes first and settles the inbox query, whose rows all name their seat.
SEEN = (
    OF_SYSTEM + " OR CASE WHEN owner_permission_obj_pk IS NOT NULL THEN "
    "EXISTS (SELECT 1 FROM workflow_unit u WHERE u.id = owner_permission_obj_pk::bigint AND u.tenant_id = " + AMONG + ") "
    "ELSE EXISTS (SELECT 1 FROM viewflow_process p WHERE p.id = process_id AND (p.data->>'unit')::bigint = " + AMONG + ") END"
)
BEFORE = (
    OF_SYSTEM + " OR owner_permission_obj_pk IS NULL OR "
    "EXISTS (SELECT 1 FROM workflow_unit u WHERE u.id = owner_permission_obj_pk::bigint AND u.tenant_id = " + AMONG + ")"
)

FROM_TASKS = """
UPDATE viewflow_process p SET data = coalesce(p.data, '{}')::jsonb || jsonb_build_object('unit', d.unit_id)
FROM viewflow_task t JOIN workflow_deadline d ON d.task_id = t.id
WHERE t.process_id = p.id AND p.data->>'unit' IS NULL
"""
# A process without a human task of its own runs others beneath it, or beneath another with the same subject.
FROM_CHILDREN = """
UPDATE viewflow_process p SET data = coalesce(p.data, '{}')::jsonb || jsonb_build_object('unit', (c.data->>'unit')::bigint)
FROM viewflow_process c LEFT JOIN viewflow_task t ON t.id = c.parent_task_id
WHERE p.data->>'unit' IS NULL AND c.data->>'unit' IS NOT NULL AND (t.process_id = p.id OR (
    c.artifact_content_type_id = p.artifact_content_type_id AND c.artifact_object_id = p.artifact_object_id))
"""


def _policies(seen):
    read, write = seen.format(*["units"] * 2), seen.format(*["writes"] * 2)
    return [
        f"ALTER POLICY reads ON viewflow_task USING ({read})",
        f"ALTER POLICY adds ON viewflow_task WITH CHECK ({write})",
        f"ALTER POLICY edits ON viewflow_task USING ({write}) WITH CHECK ({write})",
        f"ALTER POLICY removes ON viewflow_task USING ({write})",
    ]


def tighten(apps, schema_editor):
    schema_editor.execute("SELECT set_config('piaojue.mode', 'system', true)", [])
    for statement in (FROM_TASKS, FROM_CHILDREN):
        schema_editor.execute(statement)
    for statement in _policies(SEEN):
        schema_editor.execute(statement)


def loosen(apps, schema_editor):
    for statement in _policies(BEFORE):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("workflow", "0008_salts")]

    operations = [migrations.RunPython(tighten, loosen)]
