"""The flows of supervision stand in a module a subject: processes and tasks, which name a flow by its module, follow."""

from django.db import migrations

FLOWS = "projects/supervision.flows"
MODULES = {
    "year": ("SupervisionFlow", "MoreProjectsFlow", "InquiryFlow", "RegroupFlow"),
    "projects": ("ProjectFlow",),
    "money": ("ContractFlow",),
    "progress": ("ProgressFlow", "RedLightFlow"),
    "findings": ("InspectFlow", "FindingFlow", "SeniorFindingFlow", "AuditFindingFlow"),
    "changes": (
        "ChangeFlow", "ChangeRecountFlow", "ChangeVoidFlow", "PresidiumChangeFlow", "MinorChangeFlow", "RatifyFlow",
    ),
    "sessions": ("SessionFlow", "InterpellationFlow"),
}  # fmt: skip
SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
PROCESS = "UPDATE viewflow_process SET flow_class = %s WHERE flow_class = %s"
TASK = "UPDATE viewflow_task SET flow_task = %s || substr(flow_task, %s) WHERE starts_with(flow_task, %s)"


def move(schema_editor, pairs):
    cursor = schema_editor.connection.cursor()
    cursor.execute(SYSTEM)
    for before, after in pairs:
        cursor.execute(PROCESS, [after, before])
        cursor.execute(TASK, [after, len(before) + 1, f"{before}."])


def pairs():
    return [(f"{FLOWS}.{name}", f"{FLOWS}.{module}.{name}") for module, names in MODULES.items() for name in names]


def take_apart(apps, schema_editor):
    move(schema_editor, pairs())


def put_together(apps, schema_editor):
    move(schema_editor, [(after, before) for before, after in pairs()])


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0029_announcement_number"),
        ("viewflow", "0015_task_scheduled"),
        ("workflow", "0009_gates_have_a_unit"),
    ]

    operations = [migrations.RunPython(take_apart, put_together)]
