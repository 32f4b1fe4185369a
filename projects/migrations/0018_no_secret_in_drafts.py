"""Drafts of forms that carry a passphrase or a tally are thrown away; such forms keep none from now on."""

from django.db import migrations

SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
KEYS = [
    "voting.hold_chief",
    "voting.hold_teller",
    "voting.hold_chair",
    "voting.open_box",
    "voting.key_first",
    "voting.key_second",
    "evaluation.measure_key_first",
    "evaluation.measure_key_second",
]


def forget(apps, schema_editor):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    run(
        "DELETE FROM workflow_draft USING workflow_deadline d"
        " WHERE d.task_id = workflow_draft.task_id AND d.key = ANY(%s)",
        [KEYS],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0017_two_people_at_the_desk"),
        ("workflow", "0009_gates_have_a_unit"),
    ]

    # Back again there is nothing to restore: what was forgotten stays forgotten.
    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
