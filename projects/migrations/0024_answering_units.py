"""The unit an interpellation is answered by, and the day a plan has its contract signed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0023_measurement_flow"),
        ("workflow", "0010_scopes"),
    ]

    operations = [
        migrations.AddField(
            model_name="interpellation",
            name="department",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="workflow.unit",
                verbose_name="受质询机关",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="contract_by",
            field=models.DateField(null=True, verbose_name="计划签订合同"),
        ),
    ]
