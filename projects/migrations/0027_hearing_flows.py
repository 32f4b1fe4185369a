"""Residents and reviews are heard beside supervision, a session is closed by its chair: finished steps follow.

What is under way the old way has to be finished first: its tasks would wait at a join that is no longer there, and a
session that is open already would have nobody asked to close it.
"""

from django.db import migrations

FLOWS = "projects/evaluation.flows"
# The node as it was called in EvaluationFlow, flow and node as it is called now.
NODES = {
    "residents": "HearingFlow.residents",
    "review": "ReviewFlow.review",
    "conclude_reviews": "HearingFlow.conclude_reviews",
    "each_review": "HearingFlow.ask",
    "reviewed": "HearingFlow.heard",
    "heard": "HearingFlow.heard",
}
BACK = {
    "HearingFlow.residents": "residents",
    "ReviewFlow.review": "review",
    "HearingFlow.conclude_reviews": "conclude_reviews",
    "HearingFlow.ask": "each_review",
    "HearingFlow.heard": "heard",
}
SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
UNDER_WAY = "SELECT count(*) FROM viewflow_task WHERE flow_task = ANY(%s) AND status NOT IN ('DONE', 'CANCELED')"
IN_SESSION = "SELECT count(*) FROM projects_session WHERE state = 'open'"
MOVE = "UPDATE viewflow_task SET flow_task = %s WHERE flow_task = %s"


def move(schema_editor, nodes):
    cursor = schema_editor.connection.cursor()
    cursor.execute(SYSTEM)
    cursor.execute(UNDER_WAY, [[f"{FLOWS}.{old}" for old in nodes]])
    (waiting,) = cursor.fetchone()
    if waiting:
        raise RuntimeError(f"还有 {waiting} 项群众评价、现场评议没有办结，请用原版本办结后再升级。")
    cursor.execute(IN_SESSION)
    (sessions,) = cursor.fetchone()
    if sessions:
        raise RuntimeError(f"还有 {sessions} 次会议正在举行，请闭会后再升级。")
    for old, new in nodes.items():
        cursor.execute(MOVE, [f"{FLOWS}.{new}", f"{FLOWS}.{old}"])


def give_own_flows(apps, schema_editor):
    move(schema_editor, {f"EvaluationFlow.{old}": new for old, new in NODES.items()})


def put_back(apps, schema_editor):
    move(schema_editor, {new: f"EvaluationFlow.{old}" for new, old in BACK.items()})


class Migration(migrations.Migration):
    dependencies = [("projects", "0026_signed_in_person")]

    operations = [migrations.RunPython(give_own_flows, put_back)]
