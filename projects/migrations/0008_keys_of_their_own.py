"""Tasks of step 5 that shared a key get one each: open tasks, their terms and frozen rulebooks follow."""

from django.db import migrations

FLOWS = "projects/supervision.flows"
# flow, the node as it was called, as it is called now
NODES = (
    ("ChangeFlow", "change", "announce_change"),
    ("PresidiumChangeFlow", "change", "announce_change"),
    ("RatifyFlow", "change", "announce_undo"),
    ("RatifyFlow", "decide_change", "ratify_change"),
    ("InterpellationFlow", "interpellation", "admit_interpellation"),
    ("InterpellationFlow", "question", "answer_interpellation"),
)
# a setting of the rulebook as it was called, as it is called now
TERMS = (
    ("supervision.change", "supervision.announce_change"),
    ("supervision.interpellation", "supervision.admit_interpellation"),
    ("supervision.question", "supervision.answer_interpellation"),
)
BOOKS = (("projects_cycle", "rules_data"), ("projects_rulebook", "data"))
LONGEST_ANSWER = 30

SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
TERM = (
    "UPDATE workflow_deadline SET key = %s FROM viewflow_task t WHERE t.id = workflow_deadline.task_id AND t.flow_task = %s"
)
NODE = "UPDATE viewflow_task SET flow_task = %s WHERE flow_task = %s"
BOOK = (
    "UPDATE {table} SET {column} = jsonb_set({column} #- ARRAY['deadlines', %s], ARRAY['deadlines', %s], "
    "{column} #> ARRAY['deadlines', %s]) WHERE {column} #> ARRAY['deadlines', %s] IS NOT NULL"
)
SHORTER = (
    "UPDATE {table} SET {column} = jsonb_set({column}, ARRAY['deadlines', 'supervision.answer_interpellation'], "
    "to_jsonb(%s)) WHERE ({column} #>> ARRAY['deadlines', 'supervision.answer_interpellation'])::int > %s"
)


def rename(schema_editor, nodes, terms):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    for flow, before, after in nodes:
        run(TERM, [f"supervision.{after}", f"{FLOWS}.{flow}.{before}"])
        run(NODE, [f"{FLOWS}.{flow}.{after}", f"{FLOWS}.{flow}.{before}"])
    for table, column in BOOKS:
        for before, after in terms:
            run(BOOK.format(table=table, column=column), [before, after, before, before])


def give_own_keys(apps, schema_editor):
    rename(schema_editor, NODES, TERMS)
    for table, column in BOOKS:
        # The written answer had up to 40 working days; an interpellation's is due in session.
        schema_editor.connection.cursor().execute(
            SHORTER.format(table=table, column=column), [LONGEST_ANSWER, LONGEST_ANSWER]
        )


def share_keys(apps, schema_editor):
    rename(
        schema_editor,
        [(flow, after, before) for flow, before, after in NODES],
        [(after, before) for before, after in TERMS],
    )


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_samples_drawn_by_lot"), ("workflow", "0009_gates_have_a_unit"), ("viewflow", "0015_task_scheduled")]

    operations = [migrations.RunPython(give_own_keys, share_keys)]
