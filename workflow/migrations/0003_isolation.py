"""Row-level security on the engine's tables; the run-time role loses what it must not have on the trail."""

from django.conf import settings
from django.db import migrations

from workflow.audit.database import owned_policies
from workflow.people.isolation import (
    ONE_AT_A_TIME,
    ForcePolicy,
    ForceTable,
    among,
    of_a_person,
    of_a_whole,
    question_sql,
    read_at_each_row,
)

# A process says in its data whose it is.
PROCESS = "(data->>'unit')::bigint"
AMONG = "ANY ((SELECT nullif(current_setting('piaojue.{}', true), '')::bigint[])::bigint[])"
READ, WRITTEN = AMONG.format("units"), AMONG.format("writes")
AT_A_SEAT = "EXISTS (SELECT 1 FROM workflow_unit u WHERE u.id = owner_permission_obj_pk::bigint AND u.tenant_id = {})"
IN_A_PROCESS = "EXISTS (SELECT 1 FROM viewflow_process p WHERE p.id = {} AND (p.data->>'unit')::bigint = {})"
# A human task is read by the unit its office is held at; a gate, a job or an end by the unit its process is of. The
# human branch comes first and settles the inbox query, whose rows all name their seat. Written is one where both allow it.
SEAT = "owner_permission_obj_pk IS NOT NULL"
TASK_READ = f"CASE WHEN {SEAT} THEN {AT_A_SEAT.format(READ)} ELSE viewflow_process_is_read(process_id) END"
TASK_WRITTEN = (
    f"viewflow_process_is_written(process_id) AND CASE WHEN {SEAT} THEN {AT_A_SEAT.format(WRITTEN)} ELSE true END"
)
# What led to a task is read with it, and written by whoever may write its process.
LED_TO = "EXISTS (SELECT 1 FROM viewflow_task t WHERE t.id = task)"
LEADS = "EXISTS (SELECT 1 FROM viewflow_task t WHERE t.id = task AND viewflow_process_is_written(t.process_id))"
QUESTIONS = {
    "viewflow_process_is_read": ("process bigint", IN_A_PROCESS.format("process", READ)),
    "viewflow_process_is_written": ("process bigint", IN_A_PROCESS.format("process", WRITTEN)),
    "viewflow_task_is_read": ("task bigint", LED_TO),
    "viewflow_task_is_written": ("task bigint", LEADS),
}


def protect_chain(apps, schema_editor):
    for table in ("workflow_leaf", "workflow_head"):
        for statement in owned_policies(table):
            schema_editor.execute(statement)
        schema_editor.execute(f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM "{settings.APP_ROLE}"')
    schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON workflow_entry FROM "{settings.APP_ROLE}"')


def release_chain(apps, schema_editor):
    for table in ("workflow_leaf", "workflow_head"):
        for name in ("reads", "owned", "adds", "edits"):
            schema_editor.execute(f"DROP POLICY {name} ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


class Migration(migrations.Migration):
    dependencies = [("workflow", "0002_engine"), ("viewflow", "0015_task_scheduled"), ("otp_totp", "0003_add_timestamps")]

    operations = [
        ForcePolicy("entry", write="units"),
        *(migrations.RunSQL(read_at_each_row(*policy), migrations.RunSQL.noop) for policy in ONE_AT_A_TIME),
        ForcePolicy("rolegrant", "tenant_id", write="units", own="user_id"),
        ForcePolicy("deadline"),
        ForcePolicy("draft"),
        ForcePolicy("urge", write="units"),
        ForcePolicy("comment", write="units"),
        ForcePolicy("meeting"),
        ForcePolicy("sitting"),
        ForcePolicy("meetingcall"),
        ForcePolicy("copy"),
        ForcePolicy("copyread", write="units"),
        ForcePolicy("notesread", write="units"),
        ForcePolicy("commentfile", write="units"),
        ForcePolicy("pendingfile", write="units"),
        ForcePolicy("savedfilter", write="units"),
        ForcePolicy("salt", write="units"),
        ForcePolicy("unitchange", public="true"),
        ForcePolicy("treehead", public="true"),
        ForcePolicy("cosignature", public="true"),
        ForcePolicy("stamp", public="true"),
        ForcePolicy("trailcheck"),
        # Asked for by whoever may read the unit; of an office limited to a part of the work, seen by nobody else.
        ForcePolicy("trailexport", write="units"),
        of_a_whole("workflow_meeting_attended", "meeting_id", "workflow_meeting"),
        of_a_whole("workflow_sitting_attended", "sitting_id", "workflow_sitting"),
        of_a_person("workflow_calendarfeed"),
        of_a_person("otp_totp_totpdevice"),
        ForceTable("viewflow_process", reads=among(PROCESS, "units"), writes=among(PROCESS, "writes")),
        *(
            migrations.RunSQL(question_sql(name, *told), f"DROP FUNCTION {name}({told[0].partition(' ')[2]})")
            for name, told in QUESTIONS.items()
        ),
        ForceTable("viewflow_task", reads=TASK_READ, writes=TASK_WRITTEN),
        ForceTable(
            "viewflow_task_previous",
            reads="viewflow_task_is_read(from_task_id)",
            writes="viewflow_task_is_written(from_task_id)",
        ),
        # The tree is printed everywhere; of it a context alters what it reads, and adds to what it reads.
        ForceTable(
            "workflow_unit", reads="true", writes=f"{among('tenant_id', 'units')} OR {among('parent_id', 'units')}"
        ),
        # Of no unit: the public half of the keys that heads are signed with, and how the time-stamp server does.
        ForceTable("workflow_signingkey", reads="true", writes="false"),
        ForceTable("workflow_stampfailure", reads="true", writes="false"),
        # Rights follow offices; a group or a right given to a person would go round them.
        ForceTable("auth_group", reads="false", writes="false"),
        ForceTable("auth_group_permissions", reads="false", writes="false"),
        ForceTable("workflow_user_groups", reads="false", writes="false"),
        ForceTable("workflow_user_user_permissions", reads="false", writes="false"),
        migrations.RunPython(protect_chain, release_chain),
    ]
