"""The domain's tables."""

from django.conf import settings
from django.db import migrations, models

from workflow.people.tables import Tables
import django.db.models.deletion
import django_fsm


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workflow', '0002_engine'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Tables([
            migrations.CreateModel(
                name='AddedMatter',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(max_length=80, verbose_name='项目名称')),
                    ('content', models.TextField(verbose_name='项目内容和理由')),
                    ('state', django_fsm.FSMField(choices=[('gathering', '联名中'), ('tabled', '待主席团决定'), ('added', '列入票决'), ('suggestion', '转作代表建议'), ('reserved', '列入储备库'), ('lapsed', '联名未满法定人数，已终止')], default='gathering', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Addendum',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField(verbose_name='序号')),
                    ('file', models.FileField(upload_to='archive/')),
                    ('sha256', models.CharField(max_length=64)),
                    ('manifest', models.JSONField(default=list)),
                    ('made_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['number'],
                },
            ),
            migrations.CreateModel(
                name='Appraisal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('department', '责任单位'), ('finance', '财政'), ('legal', '合法性审查')], max_length=12)),
                    ('opinion', models.CharField(choices=[('agree', '同意'), ('conditional', '有条件同意'), ('oppose', '不同意')], max_length=12, verbose_name='意见')),
                    ('words', models.TextField(verbose_name='说明')),
                    ('on', models.DateField()),
                    ('replaced', models.JSONField(default=dict)),
                ],
            ),
            migrations.CreateModel(
                name='AppraisalReturn',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('department', '责任单位'), ('finance', '财政'), ('legal', '合法性审查')], max_length=12)),
                    ('reason', models.CharField(max_length=1000, verbose_name='退回理由')),
                    ('on', models.DateField()),
                    ('settled_on', models.DateField(null=True)),
                ],
                options={
                    'ordering': ['pk'],
                },
            ),
            migrations.CreateModel(
                name='Archive',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('file', models.FileField(upload_to='archive/')),
                    ('sha256', models.CharField(max_length=64)),
                    ('manifest', models.JSONField(default=list)),
                    ('made_at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Attachment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('subject', models.CharField(db_index=True, max_length=60)),
                    ('file', models.FileField(upload_to='attachments/')),
                    ('name', models.CharField(max_length=200, verbose_name='文件名')),
                    ('size', models.PositiveIntegerField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('public', models.BooleanField(default=False)),
                    ('added_at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Audit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.CharField(max_length=60, verbose_name='审计文号')),
                    ('title', models.CharField(max_length=120, verbose_name='报告名称')),
                    ('received_on', models.DateField(verbose_name='收到日期')),
                    ('state', django_fsm.FSMField(choices=[('received', '待登记'), ('registered', '已登记')], default='received', max_length=50, protected=True)),
                ],
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Boundary',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('shapes', models.JSONField(default=dict)),
                    ('size', models.JSONField(default=list)),
                    ('sha256', models.CharField(max_length=64)),
                    ('at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Box',
                fields=[
                    ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                    ('vote_number', models.BigIntegerField(db_index=True)),
                    ('cipher', models.BinaryField()),
                ],
            ),
            migrations.CreateModel(
                name='BudgetLine',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=60, verbose_name='预算科目')),
                    ('amount_fen', models.BigIntegerField(verbose_name='金额')),
                    ('source', models.CharField(max_length=60, verbose_name='资金来源')),
                ],
            ),
            migrations.CreateModel(
                name='Bulletin',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('of', models.CharField(choices=[('quarter', '季度通报'), ('annual', '年度工作报告段落')], max_length=8, verbose_name='文种')),
                    ('year', models.PositiveSmallIntegerField(verbose_name='年度')),
                    ('quarter', models.PositiveSmallIntegerField(null=True, verbose_name='季度')),
                    ('title', models.CharField(max_length=110, verbose_name='标题')),
                    ('body', models.TextField(verbose_name='正文')),
                    ('figures', models.JSONField(default=list)),
                    ('as_of', models.DateField(verbose_name='数字截至')),
                    ('drafted_on', models.DateField(verbose_name='起草日期')),
                    ('sent_on', models.DateField(null=True, verbose_name='发出日期')),
                    ('addressee', models.TextField(blank=True, verbose_name='主送机关')),
                    ('state', django_fsm.FSMField(choices=[('draft', '草稿'), ('sent', '已发出')], default='draft', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Change',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('what', models.CharField(choices=[('content', '调整内容、目标'), ('cost', '调整投资'), ('deadline', '调整工期'), ('place', '调整地点'), ('unit', '调整责任单位'), ('suspend', '暂缓实施'), ('resume', '恢复实施'), ('stop', '终止'), ('replace', '替换')], max_length=10, verbose_name='调整事项')),
                    ('proposed', models.JSONField(default=dict)),
                    ('before', models.JSONField(default=dict)),
                    ('grade', models.CharField(choices=[('major', '重大调整'), ('minor', '轻微调整')], default='major', max_length=5, verbose_name='调整程度')),
                    ('grounds', models.CharField(blank=True, max_length=1000, verbose_name='认定理由')),
                    ('body', models.CharField(default='congress', max_length=12, verbose_name='决定机关')),
                    ('reason', models.CharField(max_length=1000, verbose_name='理由')),
                    ('asked_on', models.DateField()),
                    ('state', django_fsm.FSMField(choices=[('asked', '待决定'), ('agreed', '已批准'), ('refused', '未批准'), ('announced', '已公告'), ('ratified', '已追认'), ('revoked', '未获追认')], default='asked', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Contact',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(blank=True, max_length=40, verbose_name='姓名')),
                    ('phone', models.CharField(blank=True, max_length=40, verbose_name='联系电话')),
                    ('organisation', models.CharField(blank=True, max_length=80, verbose_name='单位')),
                    ('salt', models.CharField(max_length=32)),
                ],
            ),
            migrations.CreateModel(
                name='Contract',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('tender', '招标采购'), ('contract', '合同'), ('variation', '变更'), ('settlement', '结算审核')], max_length=12, verbose_name='类型')),
                    ('number', models.CharField(blank=True, max_length=60, verbose_name='编号')),
                    ('party', models.CharField(max_length=80, verbose_name='对方单位')),
                    ('amount_fen', models.BigIntegerField(verbose_name='金额')),
                    ('signed_on', models.DateField(verbose_name='日期')),
                    ('words', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ],
            ),
            migrations.CreateModel(
                name='Cycle',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('year', models.PositiveSmallIntegerField(verbose_name='项目年度')),
                    ('period', models.CharField(blank=True, max_length=20, verbose_name='时段')),
                    ('opens_on', models.DateField(verbose_name='启动日')),
                    ('planned_t', models.DateField(verbose_name='拟定票决会期')),
                    ('planned_t2', models.DateField(verbose_name='拟定评估会期')),
                    ('rules_data', models.JSONField(default=dict)),
                    ('rules_version', models.PositiveSmallIntegerField(default=0)),
                    ('window_from', models.DateField(null=True)),
                    ('window_to', models.DateField(null=True)),
                    ('deputies_in_office', models.PositiveSmallIntegerField(null=True, verbose_name='实有代表')),
                    ('seats', models.PositiveSmallIntegerField(null=True, verbose_name='应选项目数')),
                    ('state', django_fsm.FSMField(choices=[('preparing', '筹备'), ('collecting', '征集'), ('selecting', '初定'), ('deliberating', '审议'), ('voting', '票决'), ('supervising', '监督'), ('evaluating', '评估'), ('closed', '归档'), ('ended', '终止')], default='preparing', max_length=50, protected=True)),
                ],
                options={
                    'ordering': ['-year', '-pk'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='CycleSession',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('use', models.CharField(choices=[('vote', '票决'), ('evaluation', '评估'), ('remeasure', '再次测评')], max_length=10)),
                ],
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
                ],
                options={
                    'ordering': ['-pk'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Exclusion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('stage', models.CharField(choices=[('screening', '资格筛查不予列入'), ('draft', '未列入候选项目名单'), ('agenda', '未列入会议议程')], max_length=12)),
                    ('on', models.DateField(verbose_name='决定日期')),
                    ('state', django_fsm.FSMField(choices=[('open', '待答复'), ('answered', '已答复'), ('lifted', '无须答复')], default='open', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Finding',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('words', models.TextField(verbose_name='问题')),
                    ('raised_as', models.CharField(default='inspector', max_length=20, verbose_name='提出人职务')),
                    ('raised_on', models.DateField()),
                    ('measures', models.TextField(blank=True, verbose_name='整改措施')),
                    ('responsible', models.CharField(blank=True, max_length=40, verbose_name='责任人')),
                    ('fix_by', models.DateField(null=True, verbose_name='整改期限')),
                    ('remedy', models.TextField(blank=True, verbose_name='整改情况')),
                    ('unproved', models.CharField(blank=True, max_length=300, verbose_name='没有佐证材料的说明')),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('state', django_fsm.FSMField(choices=[('open', '待整改'), ('rectified', '待复查'), ('closed', '已销号')], default='open', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Guidance',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('of', models.CharField(choices=[('opinion', '指导意见'), ('circular', '通报'), ('training', '培训通知')], default='opinion', max_length=10, verbose_name='文种')),
                    ('title', models.CharField(max_length=120, verbose_name='标题')),
                    ('words', models.TextField(verbose_name='内容')),
                    ('held_on', models.DateField(null=True, verbose_name='培训日期')),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='培训地点')),
                    ('at', models.DateTimeField()),
                ],
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
                ],
                options={
                    'ordering': ['-pk'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Inquiry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('words', models.TextField(verbose_name='询问内容')),
                    ('asked_on', models.DateField()),
                    ('answer', models.TextField(blank=True, verbose_name='书面答复')),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('state', django_fsm.FSMField(choices=[('asked', '待书面答复'), ('answered', '待主席团审议'), ('accepted', '已办结')], default='asked', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Inspection',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('on', models.DateField(verbose_name='日期')),
                    ('place', models.CharField(max_length=120, verbose_name='地点')),
                    ('words', models.TextField(verbose_name='察看情况')),
                ],
            ),
            migrations.CreateModel(
                name='Interpellation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('words', models.TextField(verbose_name='质询内容')),
                    ('form', models.CharField(blank=True, max_length=20, verbose_name='答复形式')),
                    ('answer', models.TextField(blank=True, verbose_name='答复')),
                    ('state', django_fsm.FSMField(choices=[('gathering', '联名中'), ('tabled', '待主席团决定'), ('admitted', '待答复'), ('answered', '已答复'), ('lapsed', '联名未满法定人数，已终止')], default='gathering', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Item',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField(verbose_name='序号')),
                    ('title', models.CharField(max_length=80, verbose_name='项目名称')),
                    ('content', models.TextField(verbose_name='建设内容')),
                    ('category', models.CharField(max_length=40, verbose_name='类别')),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='建设地点')),
                    ('beneficiaries', models.CharField(blank=True, max_length=120, verbose_name='受益范围、人数')),
                    ('investment_fen', models.BigIntegerField(null=True, verbose_name='总投资')),
                    ('funding', models.JSONField(default=dict)),
                    ('leader', models.CharField(blank=True, max_length=40, verbose_name='责任领导')),
                    ('finish_by', models.DateField(null=True, verbose_name='完成时限')),
                    ('target', models.CharField(blank=True, max_length=300, verbose_name='年度目标')),
                    ('multi_year', models.BooleanField(default=False, verbose_name='跨年度')),
                    ('milestone', models.CharField(blank=True, max_length=300, verbose_name='年度阶段性目标')),
                    ('support', models.PositiveIntegerField(default=1, verbose_name='民意')),
                    ('ballot_number', models.PositiveSmallIntegerField(null=True, verbose_name='票面序号')),
                    ('added_in_session', models.BooleanField(default=False)),
                    ('decision_reason', models.CharField(blank=True, max_length=1000, verbose_name='理由')),
                    ('excluded_because', models.CharField(blank=True, max_length=1000, verbose_name='未列入的理由')),
                    ('state', django_fsm.FSMField(choices=[('merged', '已归并'), ('eligible', '筛查通过'), ('blocked', '不予列入'), ('drafted', '列入建议方案'), ('left_out', '未列入建议方案'), ('candidate', '候选项目'), ('withdrawn', '已撤回'), ('on_ballot', '提交票决'), ('elected', '入选'), ('not_elected', '未入选'), ('reserved', '列入储备库'), ('substituted', '替换入选')], default='merged', max_length=50, protected=True)),
                ],
                options={
                    'ordering': ['number'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='KeyHolder',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('office', models.CharField(max_length=20)),
                    ('salt', models.CharField(max_length=64)),
                    ('public_key', models.CharField(max_length=64)),
                    ('stretching', models.JSONField()),
                    ('sealed_share', models.CharField(blank=True, max_length=400)),
                ],
                options={
                    'ordering': ['pk'],
                },
            ),
            migrations.CreateModel(
                name='Keying',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('turn', models.PositiveSmallIntegerField()),
                    ('round', models.PositiveSmallIntegerField(default=1)),
                    ('figures', models.JSONField()),
                    ('at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Measurement',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('round', models.PositiveSmallIntegerField(default=1, verbose_name='轮次')),
                    ('satisfied', models.PositiveSmallIntegerField(null=True, verbose_name='满意')),
                    ('basic', models.PositiveSmallIntegerField(null=True, verbose_name='基本满意')),
                    ('dissatisfied', models.PositiveSmallIntegerField(null=True, verbose_name='不满意')),
                    ('unmarked', models.PositiveSmallIntegerField(null=True, verbose_name='未作评价')),
                    ('base', models.PositiveSmallIntegerField(null=True, verbose_name='基数')),
                    ('verdict', models.CharField(blank=True, max_length=20, verbose_name='结论')),
                    ('judgement', models.CharField(blank=True, max_length=400, verbose_name='结论依据')),
                    ('severe', models.BooleanField(default=False)),
                    ('remedy', models.TextField(blank=True, verbose_name='整改情况')),
                    ('state', django_fsm.FSMField(choices=[('planned', '待测评'), ('measured', '已测评'), ('closed', '通过'), ('rectifying', '整改中'), ('rectified', '待再次测评'), ('superseded', '已再次测评')], default='planned', max_length=50, protected=True)),
                ],
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Milestone',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(max_length=80, verbose_name='节点')),
                    ('due_on', models.DateField(verbose_name='计划日期')),
                    ('percent', models.PositiveSmallIntegerField(verbose_name='应达进度')),
                    ('done_on', models.DateField(null=True, verbose_name='实际日期')),
                ],
                options={
                    'ordering': ['due_on', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='ModelRulebook',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(max_length=110, verbose_name='名称')),
                    ('words', models.TextField(verbose_name='说明')),
                    ('data', models.JSONField()),
                    ('at', models.DateTimeField()),
                    ('version', models.PositiveSmallIntegerField(null=True, verbose_name='采用后的版本')),
                ],
            ),
            migrations.CreateModel(
                name='Note',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(max_length=120, verbose_name='事由')),
                    ('words', models.TextField(verbose_name='提示内容')),
                    ('sent_on', models.DateField()),
                    ('reply_by', models.DateField(verbose_name='回复期限')),
                    ('reply', models.TextField(blank=True, verbose_name='回复')),
                    ('state', django_fsm.FSMField(choices=[('sent', '待回复'), ('replied', '已回复')], default='sent', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Notice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('round', models.PositiveSmallIntegerField(default=1)),
                    ('from_on', models.DateField(verbose_name='公示开始')),
                    ('to_on', models.DateField(verbose_name='公示结束')),
                    ('state', django_fsm.FSMField(choices=[('posted', '公示中'), ('closed', '公示结束')], default='posted', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Objection',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=12, unique=True, verbose_name='查询码')),
                    ('words', models.TextField(verbose_name='异议内容')),
                    ('raised_at', models.DateTimeField()),
                    ('answer', models.TextField(blank=True, verbose_name='答复')),
                    ('changes_list', models.BooleanField(default=False, verbose_name='改变名单')),
                    ('state', django_fsm.FSMField(choices=[('raised', '待答复'), ('upheld', '采纳'), ('dismissed', '不予采纳')], default='raised', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Opinion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('words', models.TextField(verbose_name='审议意见')),
                    ('reply', models.TextField(blank=True, verbose_name='研究处理情况')),
                ],
            ),
            migrations.CreateModel(
                name='Option',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveSmallIntegerField(verbose_name='序号')),
                    ('reference', models.CharField(max_length=60)),
                    ('title', models.CharField(max_length=120)),
                ],
                options={
                    'ordering': ['position'],
                },
            ),
            migrations.CreateModel(
                name='Paper',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=40, verbose_name='文种')),
                    ('step', models.SmallIntegerField(null=True, verbose_name='环节')),
                    ('subject', models.CharField(db_index=True, max_length=60)),
                    ('number', models.CharField(blank=True, max_length=60, verbose_name='文号')),
                    ('title', models.CharField(max_length=200, verbose_name='标题')),
                    ('body', models.TextField(blank=True, verbose_name='正文')),
                    ('data', models.JSONField(default=dict)),
                    ('made_on', models.DateField(verbose_name='成文日期')),
                    ('published_at', models.DateTimeField(null=True)),
                ],
                options={
                    'ordering': ['step', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='Payment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(choices=[('own', '本级财政'), ('upper', '上级补助'), ('social', '社会资金')], max_length=8, verbose_name='资金来源')),
                    ('amount_fen', models.BigIntegerField(verbose_name='金额')),
                    ('paid_on', models.DateField(verbose_name='付款日期')),
                    ('party', models.CharField(max_length=80, verbose_name='对方单位')),
                    ('number', models.CharField(blank=True, max_length=60, verbose_name='凭证号')),
                    ('words', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ],
                options={
                    'ordering': ['paid_on', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='Plan',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('target', models.CharField(blank=True, max_length=300, verbose_name='目标')),
                    ('starts_on', models.DateField(verbose_name='计划开工')),
                    ('finish_by', models.DateField(verbose_name='计划完工')),
                    ('tender_by', models.DateField(null=True, verbose_name='计划招标采购')),
                    ('no_tender', models.CharField(blank=True, max_length=300, verbose_name='不招标的理由')),
                    ('contract_by', models.DateField(null=True, verbose_name='计划签订合同')),
                    ('funds', models.TextField(verbose_name='资金安排')),
                    ('safeguards', models.TextField(verbose_name='保障措施')),
                    ('responsible', models.CharField(max_length=40, verbose_name='责任人')),
                    ('replaced', models.JSONField(default=dict)),
                    ('published_at', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Progress',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('period', models.CharField(max_length=10, verbose_name='报告期')),
                    ('on', models.DateField()),
                    ('percent', models.PositiveSmallIntegerField(verbose_name='形象进度')),
                    ('expected', models.PositiveSmallIntegerField(verbose_name='应达进度')),
                    ('invested_fen', models.BigIntegerField(verbose_name='完成投资')),
                    ('funded_fen', models.BigIntegerField(verbose_name='资金到位')),
                    ('problems', models.TextField(blank=True, verbose_name='存在问题')),
                    ('light', models.CharField(max_length=8)),
                ],
                options={
                    'ordering': ['period'],
                },
            ),
            migrations.CreateModel(
                name='Project',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField(verbose_name='编号')),
                    ('title', models.CharField(max_length=80, verbose_name='项目名称')),
                    ('content', models.TextField(verbose_name='建设内容')),
                    ('category', models.CharField(max_length=40, verbose_name='类别')),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='建设地点')),
                    ('target', models.CharField(blank=True, max_length=300, verbose_name='年度目标')),
                    ('budget_fen', models.BigIntegerField(null=True, verbose_name='总投资')),
                    ('finish_by', models.DateField(verbose_name='完成时限')),
                    ('leader', models.CharField(blank=True, max_length=40, verbose_name='责任领导')),
                    ('votes', models.PositiveSmallIntegerField(null=True, verbose_name='得票')),
                    ('light', models.CharField(blank=True, max_length=8, verbose_name='亮灯')),
                    ('light_set_aside', models.CharField(blank=True, max_length=8, verbose_name='按规则计算的亮灯')),
                    ('light_reason', models.CharField(blank=True, max_length=300, verbose_name='人工调整亮灯的理由')),
                    ('percent', models.PositiveSmallIntegerField(default=0, verbose_name='形象进度')),
                    ('invested_fen', models.BigIntegerField(default=0, verbose_name='完成投资')),
                    ('funded_fen', models.BigIntegerField(default=0, verbose_name='资金到位')),
                    ('building_since', models.DateField(null=True)),
                    ('completed_on', models.DateField(null=True, verbose_name='完工日期')),
                    ('accepted_on', models.DateField(null=True, verbose_name='验收日期')),
                    ('carried_on', models.DateField(null=True, verbose_name='决定跨年续建日期')),
                    ('carried_until', models.DateField(null=True, verbose_name='预计完成日期')),
                    ('carried_reason', models.CharField(blank=True, max_length=1000, verbose_name='跨年续建理由')),
                    ('state', django_fsm.FSMField(choices=[('elected', '已入选'), ('assigned', '已交办'), ('building', '实施中'), ('suspended', '暂缓'), ('stopped', '终止'), ('completed', '已完工'), ('accepted', '已验收')], default='elected', max_length=50, protected=True)),
                ],
                options={
                    'ordering': ['number'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Proposal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=12, unique=True, verbose_name='查询码')),
                    ('title', models.CharField(max_length=80, verbose_name='项目名称')),
                    ('content', models.TextField(verbose_name='项目内容')),
                    ('necessity', models.TextField(blank=True, verbose_name='必要性和可行性')),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='建设地点')),
                    ('category', models.CharField(blank=True, max_length=40, verbose_name='类别')),
                    ('estimate_fen', models.BigIntegerField(null=True, verbose_name='投资估算')),
                    ('funding', models.CharField(blank=True, max_length=120, verbose_name='资金来源')),
                    ('channel', models.CharField(blank=True, max_length=40, verbose_name='征集渠道')),
                    ('proposer_kind', models.CharField(choices=[('resident', '群众'), ('deputy', '人大代表'), ('senior_deputy', '上级人大代表'), ('department', '政府部门'), ('party', '党组织'), ('station', '代表联络站'), ('village', '村（社区）'), ('enterprise', '企业、社会组织')], max_length=16, verbose_name='提出人类别')),
                    ('received_at', models.DateTimeField(verbose_name='收到时间')),
                    ('contact_commitment', models.CharField(blank=True, max_length=64)),
                    ('contact_erased', models.CharField(blank=True, max_length=20)),
                    ('return_reason', models.CharField(blank=True, max_length=1000, verbose_name='退回理由')),
                    ('outcome', models.CharField(blank=True, choices=[('carried', '采纳为候选项目'), ('merged', '并入其他项目'), ('suggestion', '转代表建议'), ('department', '转部门办理'), ('reserve', '列入储备库'), ('declined', '不采纳'), ('reported', '上报上级')], max_length=12)),
                    ('outcome_words', models.CharField(blank=True, max_length=1000, verbose_name='答复')),
                    ('answered_at', models.DateTimeField(null=True)),
                    ('state', django_fsm.FSMField(choices=[('received', '待受理'), ('returned', '退回补正'), ('accepted', '已受理'), ('merged', '已归并'), ('carried', '列为候选'), ('answered', '已答复'), ('pooled', '列入项目库')], default='received', max_length=50, protected=True)),
                ],
                options={
                    'ordering': ['pk'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Question',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('words', models.TextField(verbose_name='询问内容')),
                    ('answer', models.TextField(blank=True, verbose_name='答复')),
                    ('state', django_fsm.FSMField(choices=[('asked', '待答复'), ('answered', '已答复')], default='asked', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Rating',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('grade', models.CharField(choices=[('satisfied', '满意'), ('basic', '基本满意'), ('dissatisfied', '不满意')], max_length=12, verbose_name='评价')),
                    ('words', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                    ('salt', models.CharField(blank=True, max_length=64)),
                    ('erased', models.CharField(blank=True, max_length=20)),
                    ('on', models.DateField()),
                ],
            ),
            migrations.CreateModel(
                name='Receipt',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sent_at', models.DateTimeField()),
                    ('received_at', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Review',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('marks', models.JSONField(default=dict)),
                    ('words', models.TextField(blank=True, verbose_name='评议意见')),
                    ('on', models.DateField()),
                ],
            ),
            migrations.CreateModel(
                name='RollEntry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('channel', models.CharField(choices=[('paper', '纸质票'), ('device', '电子票'), ('keypad', '会场表决器'), ('none', '未出席')], max_length=8)),
                    ('voted', models.BooleanField(default=False)),
                    ('mark', models.CharField(blank=True, max_length=64)),
                    ('code_hash', models.CharField(blank=True, max_length=64)),
                    ('code_used', models.BooleanField(default=False)),
                ],
                options={
                    'ordering': ['pk'],
                },
            ),
            migrations.CreateModel(
                name='RollLine',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=40, verbose_name='姓名')),
                    ('presence', models.CharField(choices=[('expected', '应到'), ('present', '出席'), ('late', '迟到（已到会）'), ('leave', '请假'), ('absent', '缺席')], default='expected', max_length=10)),
                    ('arrived_at', models.DateTimeField(null=True, verbose_name='到会时间')),
                    ('joined_at', models.DateTimeField(null=True, verbose_name='列入名册的时间')),
                    ('joined_because', models.CharField(blank=True, max_length=500, verbose_name='列入名册的依据')),
                    ('left_at', models.DateTimeField(null=True, verbose_name='退出名册的时间')),
                    ('left_because', models.CharField(blank=True, max_length=500, verbose_name='退出名册的依据')),
                ],
                options={
                    'ordering': ['pk'],
                },
            ),
            migrations.CreateModel(
                name='Rulebook',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('version', models.PositiveSmallIntegerField(verbose_name='版本')),
                    ('data', models.JSONField()),
                    ('note', models.CharField(blank=True, max_length=200, verbose_name='修订说明')),
                    ('adopted_on', models.DateField(verbose_name='施行日期')),
                ],
            ),
            migrations.CreateModel(
                name='Sample',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('of', models.CharField(choices=[('project', '入选项目档案'), ('proposal', '意见建议档案'), ('station', '代表联络站')], default='project', max_length=10, verbose_name='抽查对象')),
                    ('seed', models.CharField(max_length=40)),
                    ('among', models.PositiveIntegerField(default=0)),
                    ('drawn', models.JSONField(default=list)),
                    ('words', models.TextField(blank=True, verbose_name='抽查要求')),
                    ('at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Score',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('marks', models.JSONField(default=dict)),
                    ('on', models.DateField()),
                ],
            ),
            migrations.CreateModel(
                name='Screening',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('rule', models.CharField(max_length=40)),
                    ('verdict', models.CharField(choices=[('pass', '符合'), ('note', '提示'), ('warn', '预警'), ('block', '不符合')], max_length=8)),
                    ('evidence', models.CharField(blank=True, max_length=500, verbose_name='依据')),
                ],
            ),
            migrations.CreateModel(
                name='Session',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('called', models.CharField(blank=True, max_length=120)),
                    ('term', models.PositiveSmallIntegerField(verbose_name='届')),
                    ('number', models.PositiveSmallIntegerField(verbose_name='次')),
                    ('held_on', models.DateField(verbose_name='会议日期')),
                    ('days', models.DecimalField(decimal_places=1, default=1, max_digits=3, verbose_name='会期（天）')),
                    ('deputies_in_office', models.PositiveSmallIntegerField(null=True, verbose_name='实有代表')),
                    ('state', django_fsm.FSMField(choices=[('planned', '拟定'), ('convened', '已通知召开'), ('open', '正在举行'), ('closed', '已闭会')], default='planned', max_length=50, protected=True)),
                ],
                options={
                    'ordering': ['-held_on'],
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Signature',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('office', models.CharField(max_length=20)),
                    ('digest', models.CharField(max_length=64)),
                    ('at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Source',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ],
            ),
            migrations.CreateModel(
                name='Term',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('called', models.CharField(blank=True, max_length=120)),
                    ('number', models.PositiveSmallIntegerField(verbose_name='届')),
                    ('since', models.DateField(null=True, verbose_name='起')),
                    ('until', models.DateField(null=True, verbose_name='止')),
                    ('deputies', models.PositiveSmallIntegerField(null=True, verbose_name='当选代表')),
                    ('statement', models.TextField(blank=True, verbose_name='代表资格审查报告')),
                    ('state', django_fsm.FSMField(choices=[('elected', '已选出，待首次会议'), ('sitting', '任期内'), ('ended', '任期届满')], default='elected', max_length=50, protected=True)),
                ],
                options={
                    'verbose_name': '届',
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Visit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('on', models.DateField(verbose_name='日期')),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='地点')),
                    ('voters', models.PositiveSmallIntegerField(default=0, verbose_name='走访选民数')),
                    ('words', models.TextField(blank=True, verbose_name='情况和意见')),
                    ('erased', models.CharField(blank=True, max_length=20)),
                ],
            ),
            migrations.CreateModel(
                name='Vote',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('about_reference', models.CharField(db_index=True, max_length=60)),
                    ('purpose', models.CharField(choices=[('projects', '民生实事项目票决'), ('run_off', '再次投票'), ('measurement', '满意度测评'), ('change', '项目调整表决'), ('method', '票决办法表决'), ('resolution', '决议表决')], max_length=12)),
                    ('title', models.CharField(max_length=200, verbose_name='标题')),
                    ('mode', models.CharField(max_length=8, verbose_name='投票方式')),
                    ('seats', models.PositiveSmallIntegerField(verbose_name='应选数')),
                    ('rules', models.JSONField(default=dict)),
                    ('deputies_in_office', models.PositiveSmallIntegerField(verbose_name='应到')),
                    ('deputies_present', models.PositiveSmallIntegerField(null=True, verbose_name='实到')),
                    ('on_leave', models.PositiveSmallIntegerField(null=True, verbose_name='请假')),
                    ('issued', models.PositiveSmallIntegerField(null=True, verbose_name='发出')),
                    ('returned', models.PositiveSmallIntegerField(null=True, verbose_name='收回')),
                    ('figures', models.JSONField(default=dict)),
                    ('outcome', models.JSONField(default=dict)),
                    ('follows_because', models.CharField(blank=True, max_length=1000, verbose_name='重新进行的理由')),
                    ('void_reason', models.CharField(blank=True, max_length=1000, verbose_name='无效的理由')),
                    ('device', models.BooleanField(default=False, verbose_name='电子表决')),
                    ('keypad', models.BooleanField(default=False, verbose_name='会场表决器')),
                    ('device_least', models.PositiveSmallIntegerField(default=5, verbose_name='电子表决最少票数')),
                    ('paper_issued', models.PositiveSmallIntegerField(null=True, verbose_name='发出纸质票')),
                    ('paper_returned', models.PositiveSmallIntegerField(null=True, verbose_name='收回纸质票')),
                    ('public_key', models.CharField(blank=True, max_length=64)),
                    ('roll_digest', models.CharField(blank=True, max_length=64)),
                    ('box_digest', models.CharField(blank=True, max_length=64)),
                    ('is_recount', models.BooleanField(default=False, verbose_name='复票')),
                    ('awaiting', models.JSONField(default=dict)),
                    ('destroyed_on', models.DateField(null=True, verbose_name='选票销毁日期')),
                    ('step_number', models.SmallIntegerField(default=4)),
                    ('state', django_fsm.FSMField(choices=[('defined', '已确定'), ('open', '投票中'), ('closed', '已截止'), ('keyed', '计票相符'), ('certified', '已签字'), ('declared', '已宣布'), ('void', '无效')], default='defined', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='Weighting',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('weights', models.JSONField(default=dict)),
                    ('at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='Withdrawal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('reason', models.CharField(max_length=1000, verbose_name='撤回理由')),
                    ('state', django_fsm.FSMField(choices=[('asked', '待主席团决定'), ('agreed', '同意撤回'), ('refused', '不同意撤回')], default='asked', max_length=50, protected=True)),
                ],
                options={
                    'abstract': False,
                },
                bases=(django_fsm.FSMModelMixin, models.Model),
            ),
            migrations.CreateModel(
                name='YearFigure',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('cycle_id', models.BigIntegerField()),
                    ('year', models.PositiveSmallIntegerField()),
                    ('measure', models.CharField(max_length=12)),
                    ('facet', models.CharField(max_length=30)),
                    ('day', models.DateField(null=True)),
                    ('amount', models.BigIntegerField()),
                    ('summed', models.BooleanField(db_default=False)),
                ],
            ),
            migrations.CreateModel(
                name='YearSum',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('year', models.PositiveSmallIntegerField()),
                    ('measure', models.CharField(max_length=12)),
                    ('facet', models.CharField(max_length=30)),
                    ('day', models.DateField(null=True)),
                    ('amount', models.BigIntegerField()),
                    ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.AddField(
                model_name='addedmatter',
                name='movers',
                field=models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='联名代表'),
            ),
            migrations.AddField(
                model_name='addedmatter',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='addendum',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='appraisal',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='appraisal',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='appraisalreturn',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='appraisalreturn',
                name='department',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='appraisalreturn',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='archive',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='addendum',
                name='archive',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='addenda', to='projects.archive'),
            ),
            migrations.AddField(
                model_name='attachment',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='audit',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='boundary',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='boundary',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='box',
                name='unit',
                field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='budgetline',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='bulletin',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='bulletin',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='change',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='contact',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='contract',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='cycle',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='archive',
                name='cycle',
                field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='archive', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='appraisalreturn',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appraisal_returns', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='addedmatter',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='matters', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='cyclesession',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='cyclesession',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='erasure',
                name='asked_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='erasure',
                name='confirmed_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='erasure',
                name='cycle',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='erasure',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='erasurerequest',
                name='erasure',
                field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='request', to='projects.erasure'),
            ),
            migrations.AddField(
                model_name='erasurerequest',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='exclusion',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='exclusion',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='finding',
                name='raised_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='finding',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='guidance',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='guidance',
                name='county',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='guidance',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddConstraint(
                model_name='guidance',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('held_on__isnull', False), ('of', 'training')), models.Q(models.Q(('of', 'training'), _negated=True), ('held_on', None), ('place', '')), _connector='OR'), name='a_training_has_its_day'),
            ),
            migrations.AddField(
                model_name='hold',
                name='cycle',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='hold',
                name='set_by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='hold',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='inquiry',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inquiries', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='inquiry',
                name='department',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='inquiry',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='inspection',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='inspection',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='finding',
                name='inspection',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='projects.inspection'),
            ),
            migrations.AddField(
                model_name='interpellation',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='interpellations', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='interpellation',
                name='department',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit', verbose_name='受质询机关'),
            ),
            migrations.AddField(
                model_name='interpellation',
                name='movers',
                field=models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='联名代表'),
            ),
            migrations.AddField(
                model_name='interpellation',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='item',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='item',
                name='department',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit', verbose_name='责任单位'),
            ),
            migrations.AddField(
                model_name='item',
                name='excluded_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='projects.exclusion', verbose_name='未列入决定'),
            ),
            migrations.AddField(
                model_name='item',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='budgetline',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='budget_lines', to='projects.item'),
            ),
            migrations.AddField(
                model_name='appraisal',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='appraisals', to='projects.item'),
            ),
            migrations.AddField(
                model_name='addedmatter',
                name='item',
                field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='matter', to='projects.item'),
            ),
            migrations.AddField(
                model_name='keyholder',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='keyholder',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='keying',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='keying',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='measurement',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measurements', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='measurement',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='milestone',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='modelrulebook',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='modelrulebook',
                name='county',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='modelrulebook',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='note',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='note',
                name='county',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='note',
                name='cycle',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='note',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='notice',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='notice',
                name='items',
                field=models.ManyToManyField(related_name='+', to='projects.item'),
            ),
            migrations.AddField(
                model_name='notice',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='objection',
                name='item',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='projects.item'),
            ),
            migrations.AddField(
                model_name='objection',
                name='notice',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='projects.notice'),
            ),
            migrations.AddField(
                model_name='objection',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='opinion',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='opinion',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='opinions', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='opinion',
                name='delegation',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='opinion',
                name='item',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='projects.item'),
            ),
            migrations.AddField(
                model_name='opinion',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='option',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='paper',
                name='cycle',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='paper',
                name='made_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='paper',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='erasure',
                name='paper',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.paper'),
            ),
            migrations.AddField(
                model_name='payment',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='payment',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='plan',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='progress',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='progress',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='project',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='projects', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='project',
                name='department',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit', verbose_name='责任单位'),
            ),
            migrations.AddField(
                model_name='project',
                name='group',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit', verbose_name='监督小组'),
            ),
            migrations.AddField(
                model_name='project',
                name='item',
                field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='project', to='projects.item'),
            ),
            migrations.AddField(
                model_name='project',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='progress',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='projects.project'),
            ),
            migrations.AddField(
                model_name='plan',
                name='project',
                field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='plan', to='projects.project'),
            ),
            migrations.AddField(
                model_name='milestone',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='projects.project'),
            ),
            migrations.AddField(
                model_name='measurement',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measurements', to='projects.project'),
            ),
            migrations.AddField(
                model_name='interpellation',
                name='project',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='interpellations', to='projects.project'),
            ),
            migrations.AddField(
                model_name='inspection',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='inspections', to='projects.project'),
            ),
            migrations.AddField(
                model_name='finding',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='projects.project'),
            ),
            migrations.AddField(
                model_name='payment',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='payments', to='projects.project'),
            ),
            migrations.AddConstraint(
                model_name='payment',
                constraint=models.CheckConstraint(condition=models.Q(('amount_fen', 0), _negated=True), name='payment_of_something'),
            ),
            migrations.AddField(
                model_name='contract',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contracts', to='projects.project'),
            ),
            migrations.AddField(
                model_name='change',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='projects.project'),
            ),
            migrations.AddField(
                model_name='audit',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audits', to='projects.project'),
            ),
            migrations.AddField(
                model_name='addendum',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='addenda', to='projects.project'),
            ),
            migrations.AddField(
                model_name='proposal',
                name='asked_deputy',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='proposal',
                name='cycle',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='proposal',
                name='proposer',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='proposal',
                name='signed_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='proposal',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='proposal',
                name='village',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='erasurerequest',
                name='proposal',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasure_requests', to='projects.proposal'),
            ),
            migrations.AddField(
                model_name='erasure',
                name='proposal',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='projects.proposal'),
            ),
            migrations.AddField(
                model_name='contact',
                name='proposal',
                field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='contact', to='projects.proposal'),
            ),
            migrations.AddField(
                model_name='question',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='question',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='question',
                name='department',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='question',
                name='item',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='projects.item'),
            ),
            migrations.AddField(
                model_name='question',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='rating',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ratings', to='projects.project'),
            ),
            migrations.AddField(
                model_name='rating',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='receipt',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='receipts', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='receipt',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='receipt',
                name='user',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='review',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='review',
                name='project',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='projects.project'),
            ),
            migrations.AddField(
                model_name='review',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='rollentry',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='rollline',
                name='delegation',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='rollline',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='rollline',
                name='user',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='rollentry',
                name='line',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.rollline'),
            ),
            migrations.AddField(
                model_name='rulebook',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='sample',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='sample',
                name='county',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='sample',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='sample',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='score',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='score',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='projects.item'),
            ),
            migrations.AddField(
                model_name='score',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='screening',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='screenings', to='projects.item'),
            ),
            migrations.AddField(
                model_name='screening',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='session',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='rollline',
                name='session',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roll', to='projects.session'),
            ),
            migrations.AddField(
                model_name='question',
                name='session',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='projects.session'),
            ),
            migrations.AddField(
                model_name='interpellation',
                name='session',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='interpellations', to='projects.session'),
            ),
            migrations.AddField(
                model_name='cyclesession',
                name='session',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='projects.session'),
            ),
            migrations.AddField(
                model_name='signature',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='signature',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='source',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='projects.item'),
            ),
            migrations.AddField(
                model_name='source',
                name='proposal',
                field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='source', to='projects.proposal'),
            ),
            migrations.AddField(
                model_name='source',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='term',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='visit',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='visit',
                name='cycle',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='visits', to='projects.cycle'),
            ),
            migrations.AddField(
                model_name='visit',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='vote',
                name='box_of',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='vote',
                name='follows',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='vote',
                name='ordered_by',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.meeting'),
            ),
            migrations.AddField(
                model_name='vote',
                name='session',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='votes', to='projects.session'),
            ),
            migrations.AddField(
                model_name='vote',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='signature',
                name='vote',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='signatures', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='rollentry',
                name='vote',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roll', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='option',
                name='vote',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='options', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='measurement',
                name='vote',
                field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='measurements', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='keying',
                name='vote',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keyings', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='keyholder',
                name='vote',
                field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holders', to='projects.vote'),
            ),
            migrations.AddField(
                model_name='weighting',
                name='by',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='weighting',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='withdrawal',
                name='item',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawals', to='projects.item'),
            ),
            migrations.AddField(
                model_name='withdrawal',
                name='unit',
                field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.AddField(
                model_name='yearfigure',
                name='unit',
                field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit'),
            ),
            migrations.CreateModel(
                name='Examination',
                fields=[
                    ('cycle', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='examination', serialize=False, to='projects.cycle')),
                    ('held', models.PositiveSmallIntegerField(verbose_name='符合')),
                    ('not_held', models.PositiveSmallIntegerField(verbose_name='不符合')),
                    ('not_yet', models.PositiveSmallIntegerField(verbose_name='尚未完成')),
                    ('not_applicable', models.PositiveSmallIntegerField(verbose_name='不适用')),
                    ('broken', models.JSONField(default=list)),
                    ('size', models.BigIntegerField()),
                    ('checks', models.CharField(max_length=16)),
                    ('at', models.DateTimeField(verbose_name='检查时间')),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.unit')),
                ],
            ),
            migrations.AddConstraint(
                model_name='cycle',
                constraint=models.UniqueConstraint(fields=('unit', 'year', 'period'), name='cycle_once_per_period'),
            ),
            migrations.AddConstraint(
                model_name='cycle',
                constraint=models.CheckConstraint(condition=models.Q(('planned_t2__gt', models.F('planned_t'))), name='cycle_t2_after_t'),
            ),
            migrations.AddConstraint(
                model_name='item',
                constraint=models.UniqueConstraint(fields=('cycle', 'number'), name='item_number_once'),
            ),
            migrations.AddConstraint(
                model_name='appraisal',
                constraint=models.UniqueConstraint(fields=('item', 'kind'), name='one_appraisal_each'),
            ),
            migrations.AddConstraint(
                model_name='paper',
                constraint=models.UniqueConstraint(condition=models.Q(('kind', 'announcement'), models.Q(('number', ''), _negated=True)), fields=('unit', 'kind', 'number'), name='announcement_number_once'),
            ),
            migrations.AddConstraint(
                model_name='project',
                constraint=models.UniqueConstraint(fields=('cycle', 'number'), name='project_number_once'),
            ),
            migrations.AddConstraint(
                model_name='project',
                constraint=models.CheckConstraint(condition=models.Q(('carried_on', None), models.Q(('carried_reason', ''), _negated=True), _connector='OR'), name='carried_over_for_a_reason'),
            ),
            migrations.AddConstraint(
                model_name='project',
                constraint=models.CheckConstraint(condition=models.Q(('light_set_aside', ''), models.Q(('light_reason', ''), _negated=True), _connector='OR'), name='light_set_aside_for_a_reason'),
            ),
            migrations.AddConstraint(
                model_name='progress',
                constraint=models.UniqueConstraint(fields=('project', 'period'), name='one_report_per_period'),
            ),
            migrations.AddConstraint(
                model_name='audit',
                constraint=models.UniqueConstraint(fields=('project', 'number'), name='audit_received_once'),
            ),
            migrations.AddConstraint(
                model_name='addendum',
                constraint=models.UniqueConstraint(fields=('archive', 'number'), name='addendum_number_once'),
            ),
            migrations.AddConstraint(
                model_name='erasurerequest',
                constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('proposal',), name='one_open_request_each'),
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
                model_name='receipt',
                constraint=models.UniqueConstraint(fields=('cycle', 'user'), name='one_receipt_each'),
            ),
            migrations.AddConstraint(
                model_name='rulebook',
                constraint=models.UniqueConstraint(fields=('unit', 'version'), name='rulebook_version_once'),
            ),
            migrations.AddConstraint(
                model_name='score',
                constraint=models.UniqueConstraint(fields=('item', 'by'), name='one_score_each'),
            ),
            migrations.AddConstraint(
                model_name='screening',
                constraint=models.UniqueConstraint(fields=('item', 'rule'), name='one_verdict_per_rule'),
            ),
            migrations.AddConstraint(
                model_name='session',
                constraint=models.UniqueConstraint(fields=('unit', 'term', 'number'), name='session_once'),
            ),
            migrations.AddConstraint(
                model_name='rollline',
                constraint=models.UniqueConstraint(condition=models.Q(models.Q(('user', None), _negated=True), ('left_at', None)), fields=('session', 'user'), name='on_the_roll_once'),
            ),
            migrations.AddConstraint(
                model_name='cyclesession',
                constraint=models.UniqueConstraint(fields=('cycle', 'use'), name='one_session_per_use'),
            ),
            migrations.AddConstraint(
                model_name='term',
                constraint=models.UniqueConstraint(fields=('unit', 'number'), name='term_once'),
            ),
            migrations.AddConstraint(
                model_name='term',
                constraint=models.UniqueConstraint(condition=models.Q(('state', 'sitting')), fields=('unit',), name='one_term_sits_at_a_time'),
            ),
            migrations.AddConstraint(
                model_name='signature',
                constraint=models.UniqueConstraint(fields=('vote', 'office'), name='one_signature_per_office'),
            ),
            migrations.AddConstraint(
                model_name='signature',
                constraint=models.UniqueConstraint(fields=('vote', 'by'), name='signed_by_two_people'),
            ),
            migrations.AddConstraint(
                model_name='rollentry',
                constraint=models.UniqueConstraint(fields=('vote', 'line'), name='on_the_vote_roll_once'),
            ),
            migrations.AddConstraint(
                model_name='rollentry',
                constraint=models.UniqueConstraint(condition=models.Q(('code_hash', ''), _negated=True), fields=('code_hash',), name='entry_code_once'),
            ),
            migrations.AddConstraint(
                model_name='option',
                constraint=models.UniqueConstraint(fields=('vote', 'position'), name='option_position_once'),
            ),
            migrations.AddConstraint(
                model_name='measurement',
                constraint=models.UniqueConstraint(fields=('project', 'round'), name='measured_once_per_round'),
            ),
            migrations.AddConstraint(
                model_name='keying',
                constraint=models.UniqueConstraint(fields=('vote', 'round', 'turn'), name='one_keying_per_turn'),
            ),
            migrations.AddConstraint(
                model_name='keying',
                constraint=models.UniqueConstraint(fields=('vote', 'round', 'by'), name='keyed_by_two_people'),
            ),
            migrations.AddConstraint(
                model_name='keyholder',
                constraint=models.UniqueConstraint(fields=('vote', 'office'), name='one_share_per_office'),
            ),
            migrations.AddConstraint(
                model_name='keyholder',
                constraint=models.UniqueConstraint(fields=('vote', 'by'), name='shares_of_three_people'),
            ),
            migrations.AddIndex(
                model_name='yearfigure',
                index=models.Index(fields=['cycle_id'], name='figure_cycle'),
            ),
            migrations.AddIndex(
                model_name='yearfigure',
                index=models.Index(condition=models.Q(('measure', 'cycle')), fields=['unit', 'year'], include=('cycle_id', 'facet', 'amount'), name='figure_years'),
            ),
            migrations.AddIndex(
                model_name='yearfigure',
                index=models.Index(condition=models.Q(('summed', False)), fields=['unit'], name='figure_unsummed'),
            ),
            migrations.AddConstraint(
                model_name='yearsum',
                constraint=models.UniqueConstraint(fields=('unit', 'year', 'measure', 'facet', 'day'), name='summed_once', nulls_distinct=False),
            ),
        ]),
    ]
