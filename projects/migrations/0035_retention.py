"""What is erased with a certificate, what is held back, who asks for the own data; what stands where something was erased."""

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy, in_scope, whole_scope


class Migration(migrations.Migration):

    dependencies = [
        ("projects", "0034_midyear"),
        ('workflow', '0012_heads'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='proposal',
            name='contact_erased',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='rating',
            name='erased',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='rating',
            name='salt',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='visit',
            name='erased',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AlterField(
            model_name='visit',
            name='place',
            field=models.CharField(blank=True, max_length=120, verbose_name='地点'),
        ),
        migrations.AlterField(
            model_name='visit',
            name='words',
            field=models.TextField(blank=True, verbose_name='情况和意见'),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of', models.CharField(choices=[('contacts', '提出人姓名、联系方式'), ('ratings', '群众评价的文字'), ('visits', '走访登记的地点、情况'), ('sign_ins', '工作人员登录日志')], max_length=10, verbose_name='种类')),
                ('due_on', models.DateField(verbose_name='到期日')),
                ('term', models.CharField(max_length=200, verbose_name='期限和依据')),
                ('asked_on', models.DateField(verbose_name='提出日期')),
                ('done_on', models.DateField(null=True, verbose_name='清除日期')),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='清除件数')),
                ('number', models.CharField(blank=True, max_length=20, verbose_name='证明编号')),
                ('entry_id', models.BigIntegerField(null=True)),
                ('state', django_fsm.FSMField(choices=[('asked', '待另一人确认'), ('done', '已清除'), ('declined', '不同意清除')], default='asked', max_length=50, protected=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cycle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='projects.cycle')),
                ('paper', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.paper')),
                ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='projects.proposal')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='不予删除的理由')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='答复时间')),
                ('state', django_fsm.FSMField(choices=[('asked', '待答复'), ('granted', '已删除'), ('refused', '不予删除')], default='asked', max_length=50, protected=True)),
                ('erasure', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='request', to='projects.erasure')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasure_requests', to='projects.proposal')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of', models.CharField(blank=True, choices=[('contacts', '提出人姓名、联系方式'), ('ratings', '群众评价的文字'), ('visits', '走访登记的地点、情况'), ('sign_ins', '工作人员登录日志')], max_length=10, verbose_name='种类')),
                ('reason', models.CharField(max_length=500, verbose_name='暂缓理由')),
                ('set_on', models.DateField(verbose_name='暂缓日期')),
                ('lifted_on', models.DateField(null=True, verbose_name='解除日期')),
                ('state', django_fsm.FSMField(choices=[('set', '暂缓清除'), ('lifted', '已解除')], default='set', max_length=50, protected=True)),
                ('cycle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='projects.cycle')),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('unit', 'number'), name='certificate_once'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('unit', 'of', 'cycle', 'proposal'), name='erasure_asked_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='erasurerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('proposal',), name='one_open_request_each'),
        ),
        ForcePolicy("hold"),
        NarrowPolicy("hold", whole_scope()),
        ForcePolicy("erasure"),
        NarrowPolicy("erasure", whole_scope()),
        ForcePolicy("erasurerequest"),
        NarrowPolicy("erasurerequest", in_scope("'1'")),
    ]
