"""Signed heads, append-only like the trail they stand for and readable by anybody; exports made in the background."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy

FIXED = ("workflow_signingkey", "workflow_treehead", "workflow_cosignature")


def fix(apps, schema_editor):
    for table in FIXED:
        schema_editor.execute(
            f"CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION piaojue_refuse_change()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION piaojue_refuse_change()"
        )
        schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM "{settings.APP_ROLE}"')


def release(apps, schema_editor):
    for table in FIXED:
        for name in ("fixed", "kept"):
            schema_editor.execute(f"DROP TRIGGER {name} ON {table}")


class Migration(migrations.Migration):

    dependencies = [
        ('workflow', '0011_inbox'),
    ]

    operations = [
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
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
        ),
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
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
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
        migrations.AddConstraint(
            model_name='treehead',
            constraint=models.UniqueConstraint(fields=('unit', 'size', 'why'), name='tree_head_once'),
        ),
        migrations.AddIndex(
            model_name='trailexport',
            index=models.Index(fields=['by', '-asked_at'], name='export_of_person'),
        ),
        migrations.AddIndex(
            model_name='trailexport',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['state'], name='export_unfinished'),
        ),
        ForcePolicy("treehead", public="true"),
        ForcePolicy("cosignature", public="true"),
        # Asked for by whoever may read the unit; of an office limited to a part of the work, seen by nobody else.
        ForcePolicy("trailexport", write="units"),
        NarrowPolicy("trailexport", "by_id = nullif(current_setting('piaojue.user', true), '')::bigint"),
        migrations.RunPython(fix, release),
    ]
