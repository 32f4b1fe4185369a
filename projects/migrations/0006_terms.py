"""Terms of a congress; a township that has held sessions already has one that sits: the latest of them."""

import django.db.models.deletion
import django_fsm
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy

# What was held before there were terms was held by the congress in office; its first day is known from its first
# session alone, and nothing of earlier congresses.
SITTING = """
INSERT INTO projects_term (unit_id, number, since, state, statement)
SELECT unit_id, term, CASE WHEN min(number) = 1 THEN min(held_on) END, 'sitting', ''
FROM projects_session s
WHERE state IN ('open', 'closed')
  AND term = (SELECT max(term) FROM projects_session o WHERE o.unit_id = s.unit_id AND o.state IN ('open', 'closed'))
GROUP BY unit_id, term
"""


def seat_congresses(apps, schema_editor):
    schema_editor.execute("SELECT set_config('piaojue.mode', 'system', true)", [])
    schema_editor.execute(SITTING)


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_sealed_ballots")]

    operations = [
        migrations.CreateModel(
            name="Term",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="届")),
                ("since", models.DateField(null=True, verbose_name="起")),
                ("until", models.DateField(null=True, verbose_name="止")),
                ("deputies", models.PositiveSmallIntegerField(null=True, verbose_name="当选代表")),
                ("statement", models.TextField(blank=True, verbose_name="代表资格审查报告")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[("elected", "已选出，待首次会议"), ("sitting", "任期内"), ("ended", "任期届满")],
                        default="elected",
                        max_length=50,
                        protected=True,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "届",
                "constraints": [
                    models.UniqueConstraint(fields=("unit", "number"), name="term_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "sitting")), fields=("unit",), name="one_term_sits_at_a_time"
                    ),
                ],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        ForcePolicy("term", public="true"),
        migrations.RunPython(seat_congresses, migrations.RunPython.noop),
    ]
