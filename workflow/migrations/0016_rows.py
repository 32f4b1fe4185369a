"""Changes of rows below the acts become entries; definers' functions are not to be led into a session's own tables."""

from django.db import migrations, models

from workflow.audit import rows
from workflow.audit.rows import WatchRows

# Without pg_temp at its end a search path begins with it: whoever made temporary tables of these names would have been
# given the leaves.
PATH = "ALTER FUNCTION piaojue_append_leaf() SET search_path = pg_catalog, public, pg_temp"
PATH_BEFORE = "ALTER FUNCTION piaojue_append_leaf() SET search_path = pg_catalog, public"


class Migration(migrations.Migration):
    dependencies = [("workflow", "0015_settings_once_a_statement")]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["unit", "-id"], name="entry_rows", condition=models.Q(action__in=list(rows.ACTIONS))
            ),
        ),
        migrations.RunSQL(PATH, PATH_BEFORE),
        migrations.RunSQL([*rows.FUNCTIONS, rows.CLOSED], rows.DROP),
        WatchRows(
            "rolegrant",
            subject="grant:id",
            told=("office", "document", "title", "scope"),
            unit="tenant_id",
        ),
    ]
