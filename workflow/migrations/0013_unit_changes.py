"""What a unit was called, and of which kind it was, before it was renamed, made a subdistrict or merged."""

import django.db.models.deletion
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy

KINDS = [
    ("province", "省"),
    ("city", "市"),
    ("county", "县"),
    ("township", "乡镇"),
    ("subdistrict", "街道"),
    ("village", "村（社区）"),
    ("station", "代表联络站"),
    ("department", "责任单位"),
    ("delegation", "代表团"),
    ("group", "代表监督小组"),
]
WHAT = [("renamed", "更名"), ("subdistrict", "设为街道"), ("merged", "并入")]


class Migration(migrations.Migration):
    dependencies = [
        ("workflow", "0012_heads"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnitChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(choices=WHAT, max_length=12, verbose_name="变更")),
                ("name", models.CharField(max_length=80, verbose_name="原名称")),
                ("kind", models.CharField(choices=KINDS, max_length=12, verbose_name="原类别")),
                ("number", models.CharField(max_length=80, verbose_name="批准文号")),
                ("decided_on", models.DateField(verbose_name="批准日期")),
                ("on", models.DateField(verbose_name="起")),
                (
                    "into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken_in",
                        to="workflow.unit",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="workflow.unit"
                    ),
                ),
            ],
            options={"ordering": ["on", "pk"]},
        ),
        # Names of authorities are nobody's secret: a neighbour's papers and the public pages name them too.
        ForcePolicy("UnitChange", public="true"),
    ]
