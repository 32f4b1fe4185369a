"""An office may be limited to a part of the work: what its grant names, and what the engine shows of that."""

from django.db import migrations, models

from workflow.people.isolation import NarrowPolicy, in_scope, whole_scope

# What somebody limited has done is seen by that person: an insert reads its own row back.
OWN = "actor_id = nullif(current_setting('piaojue.user', true), '')::bigint"
STEP = "(body::jsonb ->> 'step')"
OF_A_TASK = "EXISTS (SELECT 1 FROM workflow_deadline d WHERE d.task_id = {}.task_id)"


class Migration(migrations.Migration):
    dependencies = [("workflow", "0009_gates_have_a_unit")]

    operations = [
        migrations.AddField(
            model_name="rolegrant",
            name="scope",
            field=models.JSONField(blank=True, default=list, verbose_name="查阅范围"),
        ),
        NarrowPolicy("deadline", f"{in_scope('step::text', 'key')} OR {whole_scope()}"),
        NarrowPolicy(
            "entry", f"{OWN} OR {in_scope(STEP, 'body::jsonb ->> $$action$$')} OR {whole_scope()}"
        ),
        NarrowPolicy("salt", "EXISTS (SELECT 1 FROM workflow_entry e WHERE e.id = workflow_salt.entry_id)"),
        # A meeting without a task is the presidium's in steps 5 and 6 (临时会议、跨年续建).
        NarrowPolicy(
            "meeting",
            f"{OF_A_TASK.format('workflow_meeting')} OR (task_id IS NULL AND {in_scope('$$5$$', '$$6$$')})",
        ),
        NarrowPolicy("comment", OF_A_TASK.format("workflow_comment")),
        NarrowPolicy("urge", OF_A_TASK.format("workflow_urge")),
        NarrowPolicy("draft", OF_A_TASK.format("workflow_draft")),
    ]
