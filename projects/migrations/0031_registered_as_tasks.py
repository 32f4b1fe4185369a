"""Tenders planned or not held, and audit reports received, which wait for the finance office to register them."""

import django.db.models.deletion
import django_fsm
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy, in_scope


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0030_flows_by_subject'),
        ('workflow', '0010_scopes'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='no_tender',
            field=models.CharField(blank=True, max_length=300, verbose_name='不招标的理由'),
        ),
        migrations.AddField(
            model_name='plan',
            name='tender_by',
            field=models.DateField(null=True, verbose_name='计划招标采购'),
        ),
        migrations.CreateModel(
            name='Audit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=60, verbose_name='审计文号')),
                ('title', models.CharField(max_length=120, verbose_name='报告名称')),
                ('received_on', models.DateField(verbose_name='收到日期')),
                ('state', django_fsm.FSMField(choices=[('received', '待登记'), ('registered', '已登记')], default='received', max_length=50, protected=True)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audits', to='projects.project')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'number'), name='audit_received_once')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        ForcePolicy("audit"),
        NarrowPolicy("audit", in_scope("'5'", "'money'")),
    ]
