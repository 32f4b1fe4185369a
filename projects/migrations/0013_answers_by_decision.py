"""Proposers are answered decision by decision, a suggestion by the deputy's own signature."""

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy, in_scope


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0012_scopes"),
        ("workflow", "0010_scopes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="asked_deputy",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("screening", "资格筛查不予列入"),
                            ("draft", "未列入候选项目名单"),
                            ("agenda", "未列入会议议程"),
                        ],
                        max_length=12,
                    ),
                ),
                ("on", models.DateField(verbose_name="决定日期")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[("open", "待答复"), ("answered", "已答复"), ("lifted", "无须答复")],
                        default="open",
                        max_length=50,
                        protected=True,
                    ),
                ),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exclusions", to="projects.cycle"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
            options={"abstract": False},
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.AddField(
            model_name="item",
            name="excluded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="projects.exclusion",
                verbose_name="未列入决定",
            ),
        ),
        ForcePolicy("exclusion"),
        NarrowPolicy("exclusion", in_scope("'2'")),
    ]
