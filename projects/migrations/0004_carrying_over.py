"""跨年续建: a project may go on after its year, and adds to the dossier; a session may measure again; 替换入选."""

import django.db.models.deletion
import django_fsm
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_appraisal_returns"), ("workflow", "0005_inbox_indexes")]

    operations = [
        migrations.AddField("project", "carried_on", models.DateField(null=True, verbose_name="决定跨年续建日期")),
        migrations.AddField("project", "carried_until", models.DateField(null=True, verbose_name="预计完成日期")),
        migrations.AddField(
            "project",
            "carried_reason",
            models.CharField(blank=True, default="", max_length=1000, verbose_name="跨年续建理由"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "project",
            models.CheckConstraint(
                condition=models.Q(("carried_on", None), models.Q(("carried_reason", ""), _negated=True), _connector="OR"),
                name="carried_over_for_a_reason",
            ),
        ),
        migrations.AlterField(
            "cyclesession",
            "use",
            models.CharField(
                choices=[("vote", "票决"), ("evaluation", "评估"), ("remeasure", "再次测评")], max_length=10
            ),
        ),
        migrations.AlterField(
            "item",
            "state",
            django_fsm.FSMField(
                choices=[
                    ("merged", "已归并"),
                    ("eligible", "筛查通过"),
                    ("blocked", "不予列入"),
                    ("drafted", "列入建议方案"),
                    ("left_out", "未列入建议方案"),
                    ("candidate", "候选项目"),
                    ("withdrawn", "已撤回"),
                    ("on_ballot", "提交票决"),
                    ("elected", "入选"),
                    ("not_elected", "未入选"),
                    ("reserved", "列入储备库"),
                    ("substituted", "替换入选"),
                ],
                default="merged",
                max_length=50,
                protected=True,
            ),
        ),
        migrations.CreateModel(
            name="Addendum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="序号")),
                ("file", models.FileField(upload_to="archive/")),
                ("sha256", models.CharField(max_length=64)),
                ("manifest", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
                (
                    "archive",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="addenda", to="projects.archive"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="addenda", to="projects.project"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
            options={"ordering": ["number"]},
        ),
        migrations.AddConstraint(
            "addendum",
            models.UniqueConstraint(fields=("archive", "number"), name="addendum_number_once"),
        ),
        ForcePolicy("addendum"),
    ]
