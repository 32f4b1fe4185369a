"""An office may be limited to a part of the work: what its grant names, and what the engine shows of that."""

from django.db import migrations

from workflow.people.isolation import NarrowPolicy, in_scope, narrow_sql, whole_scope, widen_sql

STEP = "(body::jsonb ->> 'step')"
# What somebody limited has done is seen by that person: an insert reads its own row back.
OWN = "{}_id = nullif(current_setting('piaojue.user', true), '')::bigint"
SEEN = "EXISTS (SELECT 1 FROM {} w WHERE w.{} = {})"
# A gate or a job says nothing but that a process went on.
HUMAN = "flow_task_type <> 'HUMAN' OR EXISTS (SELECT 1 FROM workflow_deadline d WHERE d.task_id = viewflow_task.id)"
OF_A_TASK = "EXISTS (SELECT 1 FROM workflow_deadline d WHERE d.task_id = {}.task_id)"


class Migration(migrations.Migration):
    dependencies = [("workflow", "0005_inbox_indexes")]

    operations = [
        NarrowPolicy("deadline", f"{in_scope('step::text', 'key')} OR {whole_scope()}"),
        migrations.RunSQL(narrow_sql("viewflow_task", HUMAN), widen_sql("viewflow_task")),
        NarrowPolicy(
            "entry", f"{OWN.format('actor')} OR {in_scope(STEP, 'body::jsonb ->> $$action$$')} OR {whole_scope()}"
        ),
        NarrowPolicy("salt", "EXISTS (SELECT 1 FROM workflow_entry e WHERE e.id = workflow_salt.entry_id)"),
        # A meeting without a task is the presidium's in steps 5 and 6 (临时会议、跨年续建).
        NarrowPolicy(
            "meeting",
            f"{OF_A_TASK.format('workflow_meeting')} OR (task_id IS NULL AND {in_scope('$$5$$', '$$6$$')})",
        ),
        NarrowPolicy("comment", OF_A_TASK.format("workflow_comment")),
        NarrowPolicy("notesread", OF_A_TASK.format("workflow_notesread")),
        NarrowPolicy("urge", OF_A_TASK.format("workflow_urge")),
        NarrowPolicy(
            "draft", f"{OF_A_TASK.format('workflow_draft')} OR (task_id IS NULL AND {OWN.format('user')})"
        ),
        NarrowPolicy("commentfile", SEEN.format("workflow_comment", "id", "workflow_commentfile.comment_id")),
        NarrowPolicy("sitting", SEEN.format("workflow_meeting", "sitting_id", "workflow_sitting.id")),
        # `@>` asks of whatever stands there; unnesting a list would fail on anything else.
        NarrowPolicy(
            "meetingcall",
            "EXISTS (SELECT 1 FROM workflow_deadline d WHERE workflow_meetingcall.tasks @> to_jsonb(d.task_id))",
        ),
        NarrowPolicy("savedfilter", OWN.format("user")),
        NarrowPolicy("trailexport", OWN.format("by")),
    ]
