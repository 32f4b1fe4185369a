"""Changes of rows below the acts become entries."""

from django.db import migrations

from workflow.audit import rows
from workflow.audit.rows import WatchRows


class Migration(migrations.Migration):
    dependencies = [("workflow", "0006_scopes")]

    operations = [
        migrations.RunSQL([*rows.FUNCTIONS, rows.CLOSED], rows.DROP),
        WatchRows(
            "rolegrant",
            subject="grant:id",
            told=("office", "document", "title", "scope"),
            unit="tenant_id",
        ),
    ]
