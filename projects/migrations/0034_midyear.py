"""A session and a term keep the name they were held under when their unit gets another; a year may be ended; a
department's appraisal keeps what it replaced."""

import django_fsm
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0033_passed_when_finished"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="called",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="term",
            name="called",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="appraisal",
            name="replaced",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="cycle",
            name="state",
            field=django_fsm.FSMField(
                choices=[
                    ("preparing", "筹备"),
                    ("collecting", "征集"),
                    ("selecting", "初定"),
                    ("deliberating", "审议"),
                    ("voting", "票决"),
                    ("supervising", "监督"),
                    ("evaluating", "评估"),
                    ("closed", "归档"),
                    ("ended", "终止"),
                ],
                default="preparing",
                max_length=50,
                protected=True,
            ),
        ),
    ]
