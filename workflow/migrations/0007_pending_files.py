"""An upload waits between the page that checks it and the page that confirms it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):

    dependencies = [
        ('workflow', '0006_copies'),
    ]

    operations = [
        migrations.CreateModel(
            name='PendingFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120)),
                ('field', models.CharField(max_length=60)),
                ('file', models.FileField(upload_to='pending/')),
                ('name', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflow.unit')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='pendingfile',
            index=models.Index(fields=['user', 'key'], name='pending_of_user'),
        ),
        ForcePolicy("pendingfile", write="units"),
    ]
