"""Stand-ins, taking back, files with notes, saved filters, a calendar's secret address, meetings on several matters."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy

SEEN = "EXISTS (SELECT 1 FROM {} w WHERE w.{} = {})"


class Migration(migrations.Migration):

    dependencies = [
        ('workflow', '0010_scopes'),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='deadline',
            name='done_for',
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name='deadline',
            name='seen_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='deadline',
            name='seen_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='代办原因'),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='principal',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='stands_for',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stand_ins', to='workflow.rolegrant'),
        ),
        migrations.CreateModel(
            name='CommentFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to='comments/')),
                ('name', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='workflow.comment')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
        ),
        migrations.CreateModel(
            name='Sitting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.CharField(max_length=20)),
                ('held_on', models.DateField(verbose_name='会议日期')),
                ('place', models.CharField(max_length=80, verbose_name='地点')),
                ('presided_by', models.CharField(max_length=40, verbose_name='主持人')),
                ('members', models.PositiveSmallIntegerField(verbose_name='组成人员')),
                ('at', models.DateTimeField()),
                ('attended', models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
        ),
        migrations.AddField(
            model_name='meeting',
            name='sitting',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='matters', to='workflow.sitting'),
        ),
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('box', models.CharField(max_length=10)),
                ('name', models.CharField(max_length=20, verbose_name='名称')),
                ('query', models.CharField(max_length=300)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflow.unit')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'unit', 'name'), name='filter_named_once')],
            },
        ),
        ForcePolicy("commentfile", write="units"),
        ForcePolicy("sitting"),
        ForcePolicy("savedfilter", write="units"),
        NarrowPolicy("commentfile", SEEN.format("workflow_comment", "id", "workflow_commentfile.comment_id")),
        NarrowPolicy("sitting", SEEN.format("workflow_meeting", "sitting_id", "workflow_sitting.id")),
        NarrowPolicy("savedfilter", "user_id = nullif(current_setting('piaojue.user', true), '')::bigint"),
    ]
