"""The trail refuses change, and every entry gets its leaf at COMMIT (integrity.md §1)."""

from django.db import migrations

from workflow.audit import database


class Migration(migrations.Migration):
    dependencies = [("workflow", "0003_isolation")]

    operations = [
        migrations.RunSQL([database.REFUSE, database.APPEND, database.TRIGGERS], [database.DROP]),
    ]
