"""Who comes late is on the roll as late, with the time."""

from django.db import migrations, models

PRESENCE = [
    ("expected", "应到"),
    ("present", "出席"),
    ("late", "迟到（已到会）"),
    ("leave", "请假"),
    ("absent", "缺席"),
]


class Migration(migrations.Migration):
    dependencies = [("projects", "0019_recounts_are_known")]

    operations = [
        migrations.AddField(
            "rollline", "arrived_at", models.DateTimeField(null=True, verbose_name="到会时间")
        ),
        migrations.AlterField(
            "rollline",
            "presence",
            models.CharField(choices=PRESENCE, default="expected", max_length=10),
        ),
    ]
