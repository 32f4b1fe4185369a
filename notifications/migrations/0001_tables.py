"""The post office's tables."""

from django.conf import settings
from django.db import migrations, models

from workflow.people.tables import Tables
import django.db.models.deletion


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('viewflow', '0015_task_scheduled'),
        ('workflow', '0002_engine'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Tables([
            migrations.CreateModel(
                name='Address',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('channel', models.CharField(choices=[('in_app', '站内消息'), ('email', '电子邮件'), ('wecom', '企业微信'), ('dingtalk', '钉钉'), ('feishu', '飞书'), ('sms', '短信')], max_length=12, verbose_name='渠道')),
                    ('sealed', models.TextField()),
                    ('hint', models.CharField(max_length=8)),
                    ('least', models.CharField(choices=[('urgent', '紧急'), ('normal', '一般'), ('low', '知悉')], default='normal', max_length=10)),
                    ('changed_at', models.DateTimeField()),
                ],
                options={
                    'verbose_name': '渠道地址',
                },
            ),
            migrations.CreateModel(
                name='Delivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('channel', models.CharField(choices=[('in_app', '站内消息'), ('email', '电子邮件'), ('wecom', '企业微信'), ('dingtalk', '钉钉'), ('feishu', '飞书'), ('sms', '短信')], max_length=12, verbose_name='渠道')),
                    ('urgency', models.CharField(choices=[('urgent', '紧急'), ('normal', '一般'), ('low', '知悉')], max_length=10, verbose_name='紧急程度')),
                    ('letter', models.CharField(blank=True, max_length=30)),
                    ('language', models.CharField(default='zh-hans', max_length=10)),
                    ('title', models.CharField(max_length=200, verbose_name='标题')),
                    ('body', models.TextField(verbose_name='正文')),
                    ('link', models.CharField(blank=True, max_length=200)),
                    ('status', models.CharField(choices=[('queued', '待发送'), ('sending', '发送中'), ('sent', '已送达'), ('failed', '发送失败'), ('unknown', '结果不明'), ('held', '待汇总'), ('carried', '已并入摘要')], default='queued', max_length=8)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('error', models.CharField(blank=True, max_length=300)),
                    ('created_at', models.DateTimeField()),
                    ('changed_at', models.DateTimeField()),
                    ('not_before', models.DateTimeField(null=True)),
                    ('read_at', models.DateTimeField(null=True)),
                    ('digest', models.BooleanField(default=False)),
                ],
                options={
                    'verbose_name': '通知',
                },
            ),
            migrations.CreateModel(
                name='Posted',
                fields=[
                    ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='workflow.unit')),
                    ('index', models.BigIntegerField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='Preference',
                fields=[
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='letter_preference', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('language', models.CharField(max_length=10)),
                    ('ways', models.JSONField()),
                    ('pace', models.JSONField()),
                    ('quiet_from', models.TimeField(null=True)),
                    ('quiet_until', models.TimeField(null=True)),
                    ('rest_days', models.BooleanField()),
                    ('urgent_through', models.BooleanField()),
                    ('changed_at', models.DateTimeField()),
                ],
                options={
                    'verbose_name': '接收设置',
                },
            ),
            migrations.AddField(
                model_name='address',
                name='unit',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='address',
                name='user',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='delivery',
                name='carried_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='notifications.delivery'),
            ),
            migrations.AddField(
                model_name='delivery',
                name='entry',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='workflow.entry'),
            ),
            migrations.AddField(
                model_name='delivery',
                name='group',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='delivery',
                name='recipient',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='delivery',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.CreateModel(
                name='Told',
                fields=[
                    ('task', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='viewflow.task')),
                    ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.entry')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.CreateModel(
                name='Wording',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('letter', models.CharField(max_length=30)),
                    ('language', models.CharField(max_length=10)),
                    ('title', models.CharField(max_length=200, verbose_name='标题')),
                    ('body', models.TextField(verbose_name='正文')),
                    ('changed_at', models.DateTimeField()),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
                options={
                    'verbose_name': '消息模板',
                },
            ),
            migrations.AddConstraint(
                model_name='address',
                constraint=models.UniqueConstraint(fields=('unit', 'channel'), name='one_group_each'),
            ),
            migrations.AddConstraint(
                model_name='address',
                constraint=models.UniqueConstraint(fields=('user', 'channel'), name='one_address_each'),
            ),
            migrations.AddConstraint(
                model_name='address',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit', None), ('user__isnull', False)), models.Q(('unit__isnull', False), ('user', None)), _connector='OR'), name='of_a_unit_or_a_person'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(condition=models.Q(('status', 'sent'), _negated=True), fields=['status', 'changed_at'], name='delivery_open'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(condition=models.Q(('status', 'queued')), fields=['urgency', 'id'], name='delivery_queue'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(condition=models.Q(('channel', 'in_app')), fields=['recipient', '-id'], name='delivery_inbox'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(condition=models.Q(('channel', 'in_app'), ('read_at', None)), fields=['recipient'], name='delivery_unread'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(condition=models.Q(('status', 'held')), fields=['recipient', 'channel'], name='delivery_held'),
            ),
            migrations.AddConstraint(
                model_name='delivery',
                constraint=models.UniqueConstraint(fields=('entry', 'recipient', 'channel', 'digest'), name='delivered_once'),
            ),
            migrations.AddConstraint(
                model_name='delivery',
                constraint=models.UniqueConstraint(condition=models.Q(('recipient', None)), fields=('entry', 'group', 'channel'), name='told_to_a_group_once'),
            ),
            migrations.AddConstraint(
                model_name='delivery',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('group__isnull', False), ('recipient', None)), models.Q(('group', None), ('recipient__isnull', False)), _connector='OR'), name='for_a_person_or_a_group'),
            ),
            migrations.AddConstraint(
                model_name='wording',
                constraint=models.UniqueConstraint(fields=('unit', 'letter', 'language'), name='worded_once'),
            ),
        ]),
    ]
