"""What the county looks at is drawn by lot: what from, how many there were, and what was drawn."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0006_terms"),
    ]

    operations = [
        migrations.AddField(
            model_name="sample",
            name="among",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="sample",
            name="drawn",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="sample",
            name="of",
            field=models.CharField(
                choices=[
                    ("project", "入选项目档案"),
                    ("proposal", "意见建议档案"),
                    ("station", "代表联络站"),
                ],
                default="project",
                max_length=10,
                verbose_name="抽查对象",
            ),
        ),
        migrations.AlterField(
            model_name="sample",
            name="words",
            field=models.TextField(blank=True, verbose_name="抽查要求"),
        ),
    ]
