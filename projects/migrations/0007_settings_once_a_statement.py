"""The settings of the context are worked out once a statement, not at every row a policy looks at."""

from django.db import migrations

from workflow.people.isolation import work_out_once


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_watched_rows"), ("workflow", "0008_settings_once_a_statement")]

    operations = [migrations.RunPython(work_out_once, migrations.RunPython.noop)]
