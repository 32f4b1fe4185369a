"""The number of an announcement is given once in a township, however many of its years announce at a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0028_motions_lapse"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.UniqueConstraint(
                fields=["unit", "kind", "number"],
                name="announcement_number_once",
                condition=models.Q(kind="announcement") & ~models.Q(number=""),
            ),
        ),
    ]
