"""Motions of several deputies gather signatures before they are tabled."""

import django_fsm
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0025_minor_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="addedmatter",
            name="state",
            field=django_fsm.FSMField(
                choices=[
                    ("gathering", "联名中"),
                    ("tabled", "待主席团决定"),
                    ("added", "列入票决"),
                    ("suggestion", "转作代表建议"),
                    ("reserved", "列入储备库"),
                ],
                default="gathering",
                max_length=50,
                protected=True,
            ),
        ),
        migrations.AlterField(
            model_name="interpellation",
            name="state",
            field=django_fsm.FSMField(
                choices=[
                    ("gathering", "联名中"),
                    ("tabled", "待主席团决定"),
                    ("admitted", "待答复"),
                    ("answered", "已答复"),
                ],
                default="gathering",
                max_length=50,
                protected=True,
            ),
        ),
    ]
