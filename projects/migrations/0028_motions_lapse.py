"""A motion too few deputies have signed has an end of its own."""

import django_fsm
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0027_hearing_flows"),
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
                    ("lapsed", "联名未满法定人数，已终止"),
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
                    ("lapsed", "联名未满法定人数，已终止"),
                ],
                default="gathering",
                max_length=50,
                protected=True,
            ),
        ),
    ]
