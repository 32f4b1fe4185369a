"""What the first of two people at the desk enters waits on the vote for the second."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0012_scopes")]

    operations = [
        migrations.AddField("vote", "awaiting", models.JSONField(default=dict)),
    ]
