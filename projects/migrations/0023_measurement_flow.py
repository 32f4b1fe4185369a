"""A measurement's ballot has a flow of its own: finished steps follow it; one under way has to be finished first."""

from django.db import migrations

FLOWS = "projects/evaluation.flows"
STEPS = (
    "measure_open", "measure_key_first", "measure_key_second", "measure_certify", "measure_certify_teller",
)  # fmt: skip
# The node as it was called in EvaluationFlow, as it is called in MeasurementFlow.
NODES = {name: name for name in (*STEPS, "key", "keyed", "compared", "sign", "signed")} | {
    "compare": "compared",
    "consequence": "signed",
}
SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
UNDER_WAY = "SELECT count(*) FROM viewflow_task WHERE flow_task = ANY(%s) AND status IN ('NEW', 'ASSIGNED', 'STARTED')"
MOVE = "UPDATE viewflow_task SET flow_task = %s WHERE flow_task = %s"


def move(schema_editor, before, after, nodes):
    cursor = schema_editor.connection.cursor()
    cursor.execute(SYSTEM)
    cursor.execute(UNDER_WAY, [[f"{FLOWS}.{before}.{name}" for name in STEPS]])
    (waiting,) = cursor.fetchone()
    if waiting:
        raise RuntimeError(f"还有 {waiting} 项满意度测评正在计票，请先签字办结（或用原版本办完）再升级。")
    for old, new in nodes.items():
        cursor.execute(MOVE, [f"{FLOWS}.{after}.{new}", f"{FLOWS}.{before}.{old}"])


def give_own_flow(apps, schema_editor):
    move(schema_editor, "EvaluationFlow", "MeasurementFlow", NODES)


def put_back(apps, schema_editor):
    move(schema_editor, "MeasurementFlow", "EvaluationFlow", {name: name for name in NODES.values()})


class Migration(migrations.Migration):
    dependencies = [("projects", "0022_hall_device"), ("workflow", "0009_gates_have_a_unit"), ("viewflow", "0015_task_scheduled")]

    operations = [migrations.RunPython(give_own_flow, put_back)]
