"""An appraiser may send the list back to the government's clerk, with a written reason."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0002_isolation"),
        ("workflow", "0005_inbox_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AppraisalReturn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("department", "责任单位"), ("finance", "财政"), ("legal", "合法性审查")], max_length=12
                    ),
                ),
                ("reason", models.CharField(max_length=1000, verbose_name="退回理由")),
                ("on", models.DateField()),
                ("settled_on", models.DateField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appraisal_returns",
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
            options={"ordering": ["pk"]},
        ),
        ForcePolicy("appraisalreturn"),
    ]
