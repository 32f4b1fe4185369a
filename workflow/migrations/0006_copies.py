"""A copy of a task goes to another office, and whoever opened it is kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):

    dependencies = [
        ('viewflow', '0015_task_scheduled'),
        ('workflow', '0005_inbox_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Copy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender_office', models.CharField(max_length=20)),
                ('office', models.CharField(max_length=20)),
                ('words', models.CharField(max_length=200, verbose_name='抄送说明')),
                ('finished', models.BooleanField()),
                ('at', models.DateTimeField()),
                ('entry_id', models.BigIntegerField()),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='copies', to='viewflow.task')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
            options={
                'verbose_name': '抄送',
            },
        ),
        migrations.CreateModel(
            name='CopyRead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('copy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='workflow.copy')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='copy',
            index=models.Index(fields=['seat', 'office', '-id'], name='copy_inbox'),
        ),
        migrations.AddConstraint(
            model_name='copy',
            constraint=models.UniqueConstraint(fields=('task', 'office', 'seat', 'person', 'finished'), name='copied_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='copyread',
            constraint=models.UniqueConstraint(fields=('copy', 'user'), name='copy_read_once'),
        ),
        ForcePolicy("copy"),
        ForcePolicy("copyread", write="units"),
    ]
