"""Long texts stand in the trail under a salt that is kept beside the record."""

import django.db.models.deletion
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):

    dependencies = [
        ('workflow', '0007_pending_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='Salt',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='salt', serialize=False, to='workflow.entry')),
                ('value', models.BinaryField()),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
        ),
        ForcePolicy("salt", write="units"),
    ]
