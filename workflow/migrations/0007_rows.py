"""Changes of rows below the acts become entries: of who may act, of the tree, of whose turn it is and what was decided.

What tasks, drafts, claims and readings write without an act counts for nothing: a task by its end, its step and its
seat, a turn by all but when it was first opened, a person by name, user name and whether he may sign in. A password is
changed by its owner alone, and that of a deputy leaves no line: who signed in when would say who voted when.
"""

from django.db import migrations

from workflow.audit import rows
from workflow.audit.rows import OF_PROCESS, OF_TASK, TENANT, WatchRows, differs, of_whole

# A person belongs to no unit: told wherever he holds an office, and at the top where he holds none.
OF_PERSON = """coalesce(
    nullif(ARRAY(
        SELECT DISTINCT tenant_id FROM workflow_rolegrant
        WHERE user_id = ($1 ->> 'id')::bigint AND revoked_at IS NULL ORDER BY 1
    ), '{}'),
    ARRAY(SELECT id FROM workflow_unit WHERE parent_id IS NULL ORDER BY id LIMIT 1)
)"""
OF_TURN = "coalesce((SELECT d.{} FROM workflow_deadline d WHERE d.task_id = ($1 ->> '{}')::bigint), '')"
OF_THOSE = """coalesce((
    SELECT min(d.about) FROM workflow_deadline d JOIN viewflow_task t ON t.id = d.task_id
    WHERE t.process_id = ($1 ->> 'id')::bigint
), '')"""
ENDED = "{}.status IN ('DONE', 'CANCELED', 'REVIVED')"
# Taken by its holder and given back leaves no entry; given to another does.
HANDED_ON = "OLD.owner_id <> NEW.owner_id"


def on_a_turn(model: str, **kwargs) -> WatchRows:
    """Of what hangs on a task: on the task's subject."""
    return WatchRows(
        model, subject=OF_TURN.format("subject", "task_id"), about=OF_TURN.format("about", "task_id"), **kwargs
    )


class Migration(migrations.Migration):
    dependencies = [("workflow", "0006_scopes")]

    operations = [
        migrations.RunSQL([*rows.FUNCTIONS, rows.CLOSED], rows.DROP),
        WatchRows("rolegrant", subject="grant:id", told=("office", "document", "title", "scope"), unit=TENANT),
        # Of nobody's rights alone: what a person or a unit added may do comes with an office.
        WatchRows(
            "user", subject="user:id", told=("username",), unit=OF_PERSON, added=False,
            when=differs("username", "name", "is_active", "is_staff", "is_superuser"),
        ),
        WatchRows(
            "unit", subject="unit:id", told=("code", "name", "path"), unit=TENANT, added=False,
            # Where a new unit stands in the tree is known once it has its number.
            when=f"OLD.path <> '/' AND {rows.ANY_COLUMN}",
        ),
        WatchRows("unitchange", subject="unit:unit_id", told=("name", "number")),
        WatchRows(
            "viewflow.process", subject="process:id", about=OF_THOSE, unit=OF_PROCESS, told=("flow_class", "status", "data"),
            when=differs(
                "flow_class", "status", "data", "parent_task_id", "artifact_content_type_id", "artifact_object_id"
            ),
        ),
        WatchRows(
            "viewflow.task", subject="coalesce(" + OF_TURN.format("subject", "id").replace("''", "NULL")
            + ", 'process:' || ($1 ->> 'process_id'))",
            about=OF_TURN.format("about", "id"), unit=OF_TASK, added=False,
            told=("flow_task", "flow_task_type", "status", "owner_permission", "owner_permission_obj_pk"),
            when=f"({ENDED.format('OLD')}) <> ({ENDED.format('NEW')}) OR {HANDED_ON} OR "
            + differs("flow_task", "process_id", "owner_permission", "owner_permission_obj_pk"),
        ),
        WatchRows(
            "deadline", subject="$1 ->> 'subject'", about="$1 ->> 'about'",
            told=("office", "key", "subject", "about", "done_office", "done_for"),
            when=differs(
                "unit_id", "seat_id", "office", "key", "step", "year", "subject", "about", "label", "opened_on", "due_on",
                "provisional", "started_by_id", "begun_by_id", "done_at", "done_by_id", "done_office", "done_for", "entry_id", "cancelled",
            ),
        ),
        WatchRows("meetingcall", subject="call:id", told=("body", "tasks")),
        WatchRows("sitting", subject="sitting:id", told=("body", "presided_by")),
        WatchRows(
            "sitting_attended", subject="sitting:sitting_id", unit=of_whole("sitting_id", "workflow_sitting")
        ),
        WatchRows("meeting", subject="meeting:id", about="$1 ->> 'about'", told=("body", "title")),
        WatchRows(
            "meeting_attended", subject="meeting:meeting_id", unit=of_whole("meeting_id", "workflow_meeting"),
            about="coalesce((SELECT about FROM workflow_meeting WHERE id = ($1 ->> 'meeting_id')::bigint), '')",
        ),
        on_a_turn("urge"),
        on_a_turn("copy", told=("sender_office", "office")),
        # A note carries no decision and leaves no entry of its own: what was said is not changed afterwards.
        on_a_turn("comment", added=False),
        WatchRows("commentfile", subject="comment:comment_id", told=("sha256",)),
    ]  # fmt: skip
