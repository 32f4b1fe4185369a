"""What was last told of personal data that is due is asked on every page of two offices: found without reading a trail."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_settings_once_a_statement")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX entry_told_due ON workflow_entry (unit_id, id DESC) "
            "WHERE action IN ('retention.due', 'retention.due_changed')",
            "DROP INDEX entry_told_due",
        ),
    ]
