"""The engine's tables."""

import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from workflow.people.tables import Tables


class Migration(migrations.Migration):

    dependencies = [
        ('viewflow', '0015_task_scheduled'),
        ('workflow', '0001_people'),
    ]

    operations = [
        Tables([
            migrations.CreateModel(
                name='SigningKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('purpose', models.CharField(max_length=8)),
                    ('key', models.CharField(max_length=16, unique=True)),
                    ('public', models.BinaryField()),
                    ('adopted_at', models.DateTimeField()),
                    ('reason', models.CharField(max_length=200, verbose_name='更换原因')),
                ],
            ),
            migrations.CreateModel(
                name='StampFailure',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('code', models.CharField(max_length=12)),
                ],
            ),
            migrations.CreateModel(
                name='CalendarFeed',
                fields=[
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('digest', models.CharField(max_length=64, unique=True)),
                    ('made_at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Comment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('words', models.CharField(max_length=500)),
                    ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='viewflow.task')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
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
                    ('sender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='copies', to='viewflow.task')),
                    ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
                options={
                    'verbose_name': '抄送',
                },
            ),
            migrations.CreateModel(
                name='Head',
                fields=[
                    ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='workflow.unit')),
                    ('size', models.BigIntegerField()),
                    ('hash', models.BinaryField()),
                ],
            ),
            migrations.CreateModel(
                name='TreeHead',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('size', models.BigIntegerField(verbose_name='条数')),
                    ('root', models.BinaryField()),
                    ('hash', models.BinaryField()),
                    ('peaks', models.BinaryField()),
                    ('at', models.DateTimeField(verbose_name='签名时间')),
                    ('why', models.CharField(max_length=12)),
                    ('key', models.CharField(max_length=16)),
                    ('signature', models.BinaryField()),
                    ('code', models.CharField(max_length=16)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='Entry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(verbose_name='办理时间')),
                    ('body', models.TextField()),
                    ('action', models.GeneratedField(db_persist=True, expression=django.db.models.fields.json.KeyTextTransform('action', django.db.models.functions.comparison.Cast('body', models.JSONField())), output_field=models.TextField())),
                    ('subject', models.GeneratedField(db_persist=True, expression=django.db.models.fields.json.KeyTextTransform('subject', django.db.models.functions.comparison.Cast('body', models.JSONField())), output_field=models.TextField())),
                    ('about', models.GeneratedField(db_persist=True, expression=django.db.models.fields.json.KeyTextTransform('about', django.db.models.functions.comparison.Cast('body', models.JSONField())), output_field=models.TextField())),
                    ('task', models.GeneratedField(db_persist=True, expression=django.db.models.fields.json.KeyTextTransform('task', django.db.models.functions.comparison.Cast('body', models.JSONField())), output_field=models.TextField())),
                    ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='办理人')),
                    ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
                options={
                    'verbose_name': '办理记录',
                    'verbose_name_plural': '办理记录',
                },
            ),
            migrations.CreateModel(
                name='Draft',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(blank=True, max_length=120)),
                    ('data', models.JSONField(default=dict)),
                    ('saved_at', models.DateTimeField()),
                    ('task', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='viewflow.task')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='Deadline',
                fields=[
                    ('task', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='deadline', serialize=False, to='viewflow.task')),
                    ('office', models.CharField(max_length=20)),
                    ('key', models.CharField(max_length=60)),
                    ('step', models.SmallIntegerField(null=True)),
                    ('year', models.SmallIntegerField(null=True)),
                    ('subject', models.CharField(db_index=True, max_length=60)),
                    ('about', models.CharField(db_index=True, max_length=60)),
                    ('label', models.CharField(max_length=200)),
                    ('opened_on', models.DateField()),
                    ('due_on', models.DateField(null=True)),
                    ('provisional', models.BooleanField(default=False)),
                    ('binds_on', models.GeneratedField(db_persist=True, expression=models.Case(models.When(provisional=False, then='due_on')), output_field=models.DateField(null=True))),
                    ('seen_at', models.DateTimeField(null=True)),
                    ('done_at', models.DateTimeField(null=True)),
                    ('done_office', models.CharField(blank=True, max_length=20)),
                    ('done_for', models.CharField(blank=True, max_length=150)),
                    ('entry_id', models.BigIntegerField(null=True)),
                    ('cancelled', models.BooleanField(default=False)),
                    ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('seen_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('begun_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
                options={
                    'verbose_name': '期限',
                },
            ),
            migrations.CreateModel(
                name='CopyRead',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('copy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='workflow.copy')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='NotesRead',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='viewflow.task')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
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
            migrations.CreateModel(
                name='RoleGrant',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('office', models.CharField(max_length=20, verbose_name='职务')),
                    ('since', models.DateField(verbose_name='起')),
                    ('until', models.DateField(blank=True, null=True, verbose_name='止')),
                    ('document', models.CharField(blank=True, max_length=80, verbose_name='依据文号')),
                    ('title', models.CharField(blank=True, max_length=40, verbose_name='职务名称')),
                    ('scope', models.JSONField(blank=True, default=list, verbose_name='查阅范围')),
                    ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ('reason', models.CharField(blank=True, max_length=200, verbose_name='代办原因')),
                    ('principal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('stands_for', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stand_ins', to='workflow.rolegrant')),
                    ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='workflow.unit')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': '任职',
                    'verbose_name_plural': '任职',
                },
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
            ),
            migrations.CreateModel(
                name='MeetingCall',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('body', models.CharField(max_length=20)),
                    ('held_on', models.DateField(verbose_name='会议日期')),
                    ('hour', models.TimeField(verbose_name='会议时间')),
                    ('place', models.CharField(max_length=80, verbose_name='地点')),
                    ('words', models.CharField(blank=True, max_length=200, verbose_name='会议要求')),
                    ('tasks', models.JSONField(default=list)),
                    ('at', models.DateTimeField()),
                    ('called_off_at', models.DateTimeField(null=True)),
                    ('called_off_because', models.CharField(blank=True, max_length=200, verbose_name='取消理由')),
                    ('called_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('called_off_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('replaced_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='workflow.meetingcall')),
                    ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('called_off_at', None), ('called_off_because', ''), ('called_off_by', None)), models.Q(('called_off_at__isnull', False), ('called_off_by__isnull', False), models.Q(('called_off_because', ''), _negated=True)), _connector='OR'), name='called_off_with_a_reason')],
                    'indexes': [models.Index(condition=models.Q(('called_off_at', None), ('replaced_by', None)), fields=['seat', 'body'], name='meeting_called')],
                },
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
                    ('call', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sitting', to='workflow.meetingcall')),
                    ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='Meeting',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('body', models.CharField(max_length=20)),
                    ('about', models.CharField(db_index=True, max_length=60)),
                    ('title', models.CharField(max_length=120, verbose_name='议题')),
                    ('held_on', models.DateField(verbose_name='会议日期')),
                    ('members', models.PositiveSmallIntegerField(verbose_name='组成人员')),
                    ('present', models.PositiveSmallIntegerField(verbose_name='出席')),
                    ('votes_for', models.PositiveSmallIntegerField(verbose_name='赞成')),
                    ('votes_against', models.PositiveSmallIntegerField(verbose_name='反对')),
                    ('votes_abstain', models.PositiveSmallIntegerField(verbose_name='弃权')),
                    ('agreed', models.BooleanField(verbose_name='通过')),
                    ('minutes', models.TextField(verbose_name='会议纪要')),
                    ('finding', models.CharField(blank=True, max_length=100, verbose_name='会议结论')),
                    ('decided', models.JSONField(default=list, verbose_name='决定事项')),
                    ('attended', models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('task', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='meeting', to='viewflow.task')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('sitting', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='matters', to='workflow.sitting')),
                ],
            ),
            migrations.CreateModel(
                name='TrailExport',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('form', models.CharField(max_length=8, verbose_name='格式')),
                    ('year', models.SmallIntegerField(null=True, verbose_name='年份')),
                    ('subject', models.CharField(blank=True, max_length=60, verbose_name='事项')),
                    ('reason', models.CharField(max_length=200, verbose_name='用途')),
                    ('state', models.CharField(choices=[('waiting', '排队中'), ('running', '正在生成'), ('done', '可下载'), ('cancelled', '已取消'), ('failed', '未能生成'), ('expired', '已过期删除')], default='waiting', max_length=10)),
                    ('until', models.BigIntegerField(default=0)),
                    ('total', models.BigIntegerField(default=0)),
                    ('done', models.BigIntegerField(default=0)),
                    ('file', models.FileField(blank=True, upload_to='')),
                    ('size', models.BigIntegerField(default=0)),
                    ('sha256', models.CharField(blank=True, max_length=64)),
                    ('failure', models.CharField(blank=True, max_length=200)),
                    ('asked_at', models.DateTimeField()),
                    ('beat_at', models.DateTimeField(null=True)),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('expires_at', models.DateTimeField(null=True)),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('grant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.rolegrant')),
                    ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.entry')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='UnitChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('what', models.CharField(choices=[('renamed', '更名'), ('subdistrict', '改设街道'), ('merged', '并入')], max_length=12, verbose_name='变更')),
                    ('name', models.CharField(max_length=80, verbose_name='原名称')),
                    ('kind', models.CharField(choices=[('province', '省'), ('city', '市'), ('county', '县'), ('township', '乡镇'), ('subdistrict', '街道'), ('village', '村（社区）'), ('station', '代表联络站'), ('department', '责任单位'), ('delegation', '代表团'), ('group', '代表监督小组')], max_length=12, verbose_name='原类别')),
                    ('number', models.CharField(max_length=80, verbose_name='批准文号')),
                    ('decided_on', models.DateField(verbose_name='批准日期')),
                    ('on', models.DateField(verbose_name='起')),
                    ('into', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_in', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='workflow.unit')),
                ],
                options={
                    'ordering': ['on', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='Urge',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('words', models.CharField(blank=True, max_length=200, verbose_name='催办说明')),
                    ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='urges', to='viewflow.task')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Cosignature',
                fields=[
                    ('head', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='cosignature', serialize=False, to='workflow.treehead')),
                    ('at', models.DateTimeField()),
                    ('key', models.CharField(max_length=16)),
                    ('signature', models.BinaryField()),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='Stamp',
                fields=[
                    ('head', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='stamp', serialize=False, to='workflow.treehead')),
                    ('at', models.DateTimeField()),
                    ('by', models.CharField(max_length=200)),
                    ('token', models.BinaryField()),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='TrailCheck',
                fields=[
                    ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='workflow.unit')),
                    ('at', models.DateTimeField()),
                    ('size', models.BigIntegerField()),
                    ('code', models.CharField(max_length=12)),
                    ('index', models.BigIntegerField()),
                    ('entry', models.BigIntegerField()),
                    ('whole_at', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Leaf',
                fields=[
                    ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='leaf', serialize=False, to='workflow.entry')),
                    ('index', models.BigIntegerField()),
                    ('recorded_at', models.DateTimeField()),
                    ('prev', models.BinaryField()),
                    ('hash', models.BinaryField()),
                    ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='Salt',
                fields=[
                    ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='salt', serialize=False, to='workflow.entry')),
                    ('value', models.BinaryField()),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.AddConstraint(
                model_name='treehead',
                constraint=models.UniqueConstraint(fields=('unit', 'size', 'why'), name='tree_head_once'),
            ),
            migrations.AddIndex(
                model_name='treehead',
                index=models.Index(fields=['code'], name='tree_head_code'),
            ),
            migrations.AddIndex(
                model_name='entry',
                index=models.Index(fields=['unit', 'id'], name='entry_unit_order'),
            ),
            migrations.AddIndex(
                model_name='entry',
                index=models.Index(fields=['subject', 'id'], name='entry_subject_order'),
            ),
            migrations.AddIndex(
                model_name='entry',
                index=models.Index(fields=['about', 'id'], name='entry_about_order'),
            ),
            migrations.AddIndex(
                model_name='entry',
                index=models.Index(condition=models.Q(('action__in', ['row.add', 'row.change', 'row.remove'])), fields=['unit', '-id'], name='entry_rows'),
            ),
            migrations.AddConstraint(
                model_name='draft',
                constraint=models.UniqueConstraint(fields=('task', 'key', 'user'), name='one_draft_each', nulls_distinct=False),
            ),
            migrations.AddConstraint(
                model_name='draft',
                constraint=models.CheckConstraint(condition=models.Q(('task', None), ('key', ''), _connector='XOR'), name='draft_of_a_task_or_of_an_act'),
            ),
            migrations.AddIndex(
                model_name='deadline',
                index=models.Index(condition=models.Q(('cancelled', False), ('done_at', None)), fields=['unit', 'due_on'], name='deadline_open'),
            ),
            migrations.AddIndex(
                model_name='deadline',
                index=models.Index(condition=models.Q(('done_at', None), _negated=True), fields=['done_by', '-done_at'], name='deadline_done_by'),
            ),
            migrations.AddIndex(
                model_name='deadline',
                index=models.Index(condition=models.Q(('begun_by', None), _negated=True), fields=['begun_by', 'unit'], name='deadline_begun_by'),
            ),
            migrations.AddIndex(
                model_name='deadline',
                index=models.Index(condition=models.Q(('cancelled', False), ('done_at', None), ('provisional', True)), fields=['due_on'], name='deadline_provisional'),
            ),
            migrations.AddConstraint(
                model_name='notesread',
                constraint=models.UniqueConstraint(fields=('task', 'user'), name='notes_read_once'),
            ),
            migrations.AddConstraint(
                model_name='copyread',
                constraint=models.UniqueConstraint(fields=('copy', 'user'), name='copy_read_once'),
            ),
            migrations.AddIndex(
                model_name='copy',
                index=models.Index(fields=['seat', 'office', '-id'], name='copy_inbox'),
            ),
            migrations.AddConstraint(
                model_name='copy',
                constraint=models.UniqueConstraint(fields=('task', 'office', 'seat', 'person', 'finished'), name='copied_once', nulls_distinct=False),
            ),
            migrations.AddIndex(
                model_name='pendingfile',
                index=models.Index(fields=['user', 'key'], name='pending_of_user'),
            ),
            migrations.AddIndex(
                model_name='rolegrant',
                index=models.Index(condition=models.Q(('revoked_at', None)), fields=['unit', 'office'], name='grant_unit_office'),
            ),
            migrations.AddIndex(
                model_name='rolegrant',
                index=models.Index(condition=models.Q(('revoked_at', None)), fields=['user'], name='grant_user_live'),
            ),
            migrations.AddConstraint(
                model_name='rolegrant',
                constraint=models.UniqueConstraint(condition=models.Q(('revoked_at', None), ('until', None)), fields=('user', 'office', 'unit'), name='grant_once_while_open'),
            ),
            migrations.AddConstraint(
                model_name='savedfilter',
                constraint=models.UniqueConstraint(fields=('user', 'unit', 'name'), name='filter_named_once'),
            ),
            migrations.AddIndex(
                model_name='trailexport',
                index=models.Index(fields=['by', '-asked_at'], name='export_of_person'),
            ),
            migrations.AddIndex(
                model_name='trailexport',
                index=models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['state'], name='export_unfinished'),
            ),
            migrations.AddConstraint(
                model_name='leaf',
                constraint=models.UniqueConstraint(fields=('unit', 'index'), name='leaf_unit_index_gapless'),
            ),
        ]),
    ]
