"""Time stamps of signed heads, append-only and readable by anybody like the heads; and how often they were asked for in vain."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy

FIXED = ("workflow_stamp", "workflow_stampfailure")


def fix(apps, schema_editor):
    for table in FIXED:
        schema_editor.execute(
            f"CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION piaojue_refuse_change()"
        )
        schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM "{settings.APP_ROLE}"')


def release(apps, schema_editor):
    for table in FIXED:
        for name in ("fixed", "kept"):
            schema_editor.execute(f"DROP TRIGGER {name} ON {table}")


class Migration(migrations.Migration):

    dependencies = [
        ("workflow", "0013_unit_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name='StampFailure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('code', models.CharField(max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name='Stamp',
            fields=[
                ('head', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='stamp', serialize=False, to='workflow.treehead')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=200)),
                ('token', models.BinaryField()),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
        ),
        ForcePolicy("stamp", public="true"),
        migrations.RunPython(fix, release),
    ]
