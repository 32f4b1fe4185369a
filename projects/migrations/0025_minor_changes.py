"""A change is major or minor; a minor one by the presidium's classification, with its grounds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0024_answering_units"),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="grade",
            field=models.CharField(
                choices=[("major", "重大调整"), ("minor", "轻微调整")],
                default="major",
                max_length=5,
                verbose_name="调整程度",
            ),
        ),
        migrations.AddField(
            model_name="change",
            name="grounds",
            field=models.CharField(blank=True, max_length=1000, verbose_name="认定理由"),
        ),
    ]
