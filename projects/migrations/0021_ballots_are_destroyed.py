"""The day a vote's ballots were destroyed, after the time the rulebook has them kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0020_late_arrivals")]

    operations = [
        migrations.AddField(
            "vote", "destroyed_on", models.DateField(null=True, verbose_name="选票销毁日期")
        ),
    ]
