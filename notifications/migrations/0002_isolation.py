"""Letters are read by their unit and by their recipient."""

from django.db import migrations

from workflow.people.isolation import ForcePolicy, of_a_person


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_tables")]

    operations = [
        ForcePolicy("delivery", own="recipient_id"),
        ForcePolicy("posted"),
        ForcePolicy("told"),
        ForcePolicy("address", own="user_id"),
        ForcePolicy("wording"),
        of_a_person("notifications_preference"),
    ]
