"""A finding is planned for before it is put right; what cannot be proved says why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0010_written_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="fix_by",
            field=models.DateField(null=True, verbose_name="整改期限"),
        ),
        migrations.AddField(
            model_name="finding",
            name="measures",
            field=models.TextField(blank=True, verbose_name="整改措施"),
        ),
        migrations.AddField(
            model_name="finding",
            name="responsible",
            field=models.CharField(blank=True, max_length=40, verbose_name="责任人"),
        ),
        migrations.AddField(
            model_name="finding",
            name="unproved",
            field=models.CharField(blank=True, max_length=300, verbose_name="没有佐证材料的说明"),
        ),
    ]
