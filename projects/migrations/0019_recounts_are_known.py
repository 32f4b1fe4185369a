"""A recount says that it is one: its counters are other people, its figures are held against the first count."""

from django.db import migrations, models

SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
# Until now a recount was known by its title alone; one by device also by the box it counts.
KNOWN = (
    "UPDATE projects_vote SET is_recount = true"
    " WHERE follows_id IS NOT NULL AND (box_of_id IS NOT NULL OR title LIKE %s)"
)


def mark(apps, schema_editor):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    run(KNOWN, ["%（复票）"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0018_no_secret_in_drafts")]

    operations = [
        migrations.AddField("vote", "is_recount", models.BooleanField(default=False, verbose_name="复票")),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
