"""A note of the screening is a note and no warning, by the severity its year had frozen."""

from django.db import migrations, models

SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
NOTES = (
    "UPDATE projects_screening s SET verdict = 'note' FROM projects_item i JOIN projects_cycle c ON c.id = i.cycle_id "
    "WHERE i.id = s.item_id AND s.verdict = 'warn' AND c.rules_data #>> ARRAY['eligibility', s.rule] = 'note'"
)
WARNINGS = "UPDATE projects_screening SET verdict = 'warn' WHERE verdict = 'note'"


def tell_apart(apps, schema_editor):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    run(NOTES)


def put_together(apps, schema_editor):
    run = schema_editor.connection.cursor().execute
    run(SYSTEM)
    run(WARNINGS)


class Migration(migrations.Migration):
    dependencies = [("projects", "0015_notice_and_its_period")]

    operations = [
        migrations.AlterField(
            model_name="screening",
            name="verdict",
            field=models.CharField(
                choices=[("pass", "符合"), ("note", "提示"), ("warn", "预警"), ("block", "不符合")], max_length=8
            ),
        ),
        migrations.RunPython(tell_apart, put_together),
    ]
