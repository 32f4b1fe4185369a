"""What the first of two people at the desk enters waits on the vote for the second."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0016_notes_of_the_screening")]

    operations = [
        migrations.AddField("vote", "awaiting", models.JSONField(default=dict)),
    ]
