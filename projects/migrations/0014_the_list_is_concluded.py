"""The last task of step 2 fixes the list alone: one that is open goes on under its own name and key."""

from django.db import migrations

FLOW = "projects/selection.flows.SelectionFlow"
SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
TERM = (
    "UPDATE workflow_deadline SET key = %s FROM viewflow_task t WHERE t.id = workflow_deadline.task_id AND t.flow_task = %s"
)
NODE = "UPDATE viewflow_task SET flow_task = %s WHERE flow_task = %s"


def rename(schema_editor, before, after):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    run(TERM, [f"selection.{after}", f"{FLOW}.{before}"])
    run(NODE, [f"{FLOW}.{after}", f"{FLOW}.{before}"])


def conclude(apps, schema_editor):
    rename(schema_editor, "answer", "conclude")


def answer(apps, schema_editor):
    rename(schema_editor, "conclude", "answer")


class Migration(migrations.Migration):
    dependencies = [("projects", "0013_answers_by_decision"), ("viewflow", "0015_task_scheduled")]

    operations = [migrations.RunPython(conclude, answer)]
