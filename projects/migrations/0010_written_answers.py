"""What the presidium asks in writing when it hears the special report, each question a record with its answer."""

import django.db.models.deletion
import django_fsm
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0009_as_decided"),
        ("workflow", "0009_gates_have_a_unit"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inquiry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.TextField(verbose_name="询问内容")),
                ("asked_on", models.DateField()),
                ("answer", models.TextField(blank=True, verbose_name="书面答复")),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("asked", "待书面答复"),
                            ("answered", "待主席团审议"),
                            ("accepted", "已办结"),
                        ],
                        default="asked",
                        max_length=50,
                        protected=True,
                    ),
                ),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="projects.cycle",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="workflow.unit",
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
                "abstract": False,
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        ForcePolicy("inquiry"),
    ]
