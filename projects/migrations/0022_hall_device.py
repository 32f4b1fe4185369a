"""A vote may be held by the hall's own device (会场表决器), whose totals stand in place of a paper tally."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0021_ballots_are_destroyed"),
    ]

    operations = [
        migrations.AddField(
            model_name="vote",
            name="keypad",
            field=models.BooleanField(default=False, verbose_name="会场表决器"),
        ),
    ]
