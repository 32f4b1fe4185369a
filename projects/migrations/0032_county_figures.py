"""What a county sees of its townships' years is counted by the writers themselves, in their own transactions.

Each table says what one of its rows counts for, in a function of its own; a trigger appends the difference a write
makes. Nothing is updated in place: two acts of one township never wait for each other's counters (performance.md).
"""

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy, whole_scope

# Of a row `r`: whose it is, the year it belongs to, and what it counts for: (measure, facet, day, amount).
CYCLE_NAMED = "CASE WHEN {0} LIKE 'cycle:%' THEN split_part({0}, ':', 2)::bigint END"
OF_PROJECT = "(SELECT p.cycle_id FROM projects_project p WHERE p.id = r.project_id)"
ON_THE_LIST = (
    "r.state IN ('candidate', 'on_ballot', 'elected', 'not_elected', 'substituted')"
    " OR (r.state = 'reserved' AND r.ballot_number IS NOT NULL)"
)
MEASURED = "r.state IN ('measured', 'closed', 'rectifying', 'rectified')"
# The vote on a year's projects that holds: neither void nor the same ballots counted again.
ATTENDED = "r.purpose = 'projects' AND r.state <> 'void' AND NOT r.is_recount AND r.deputies_present IS NOT NULL"
COUNTED = {
    "projects_cycle": (
        "r.id",
        "('cycle', r.state, NULL, 1)",
    ),
    "projects_proposal": (
        "r.cycle_id",
        """('proposal', r.proposer_kind, NULL, 1),
           ('accepted', '', NULL, (r.state IN ('accepted', 'merged', 'carried', 'answered'))::int)""",
    ),
    "projects_item": (
        "r.cycle_id",
        f"""('item', '', NULL, 1),
           ('candidate', '', NULL, ({ON_THE_LIST})::int),
           ('elected', '', NULL, (r.state = 'elected')::int),
           ('source', 'own', NULL, CASE WHEN r.state = 'elected' THEN (r.funding ->> 'own')::bigint END),
           ('source', 'upper', NULL, CASE WHEN r.state = 'elected' THEN (r.funding ->> 'upper')::bigint END),
           ('source', 'social', NULL, CASE WHEN r.state = 'elected' THEN (r.funding ->> 'social')::bigint END)""",
    ),
    "projects_project": (
        "r.cycle_id",
        """('project', r.state, NULL, 1),
           ('red', '', NULL, (r.light = 'red' AND r.state <> 'stopped')::int),
           ('budget', '', NULL, CASE WHEN r.state <> 'stopped' THEN r.budget_fen END),
           ('invested', '', NULL, CASE WHEN r.state <> 'stopped' THEN r.invested_fen END),
           ('funded', '', NULL, CASE WHEN r.state <> 'stopped' THEN r.funded_fen END)""",
    ),
    "projects_finding": (
        OF_PROJECT,
        "('finding', r.state, CASE WHEN r.state <> 'closed' THEN r.raised_on END, 1)",
    ),
    "projects_inspection": (OF_PROJECT, "('inspection', '', NULL, 1)"),
    "projects_rating": (OF_PROJECT, "('rating', r.grade, NULL, 1)"),
    "projects_measurement": (
        "r.cycle_id",
        f"""('judged', '', NULL, (r.state = 'closed')::int),
           ('failing', '', NULL, (r.state IN ('rectifying', 'rectified'))::int),
           ('mark', 'satisfied', NULL, CASE WHEN {MEASURED} THEN r.satisfied END),
           ('mark', 'basic', NULL, CASE WHEN {MEASURED} THEN r.basic END),
           ('mark', 'base', NULL, CASE WHEN {MEASURED} THEN r.base END)""",
    ),
    "projects_visit": ("r.cycle_id", "('visit', '', NULL, 1), ('voters', '', NULL, r.voters)"),
    "projects_vote": (
        CYCLE_NAMED.format("r.about_reference"),
        f"""('due', '', NULL, CASE WHEN {ATTENDED} THEN r.deputies_in_office END),
           ('present', '', NULL, CASE WHEN {ATTENDED} THEN r.deputies_present END)""",
    ),
    "workflow_deadline": (
        CYCLE_NAMED.format("r.about"),
        """('open', coalesce(r.step, 0) || ':' || r.office, r.due_on, (r.done_at IS NULL AND NOT r.cancelled)::int),
           ('ended', coalesce(r.step, 0)::text, NULL, (NOT r.cancelled AND r.done_at IS NOT NULL)::int),
           ('late', coalesce(r.step, 0)::text, NULL, (NOT r.cancelled
                AND (r.done_at AT TIME ZONE 'Asia/Shanghai')::date > r.due_on)::int)""",
    ),
}

def functions():
    for table, (cycle, values) in COUNTED.items():
        yield (
            f"""
CREATE FUNCTION piaojue_counted(r {table})
RETURNS TABLE (unit_id bigint, cycle_id bigint, measure text, facet text, day date, amount bigint)
LANGUAGE sql STABLE AS $$
    SELECT r.unit_id::bigint, ({cycle})::bigint, v.measure::text, v.facet::text, v.day::date, v.amount::bigint
    FROM (VALUES {values}) v (measure, facet, day, amount) WHERE v.amount <> 0
$$""",
            f"DROP FUNCTION piaojue_counted({table})",
        )
        yield (
            f"""
CREATE FUNCTION piaojue_count_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO projects_yearfigure (unit_id, cycle_id, year, measure, facet, day, amount)
    SELECT d.unit_id, d.cycle_id, c.year, d.measure, d.facet, d.day, sum(d.amount)
    FROM (
        SELECT * FROM piaojue_counted(NEW) WHERE TG_OP <> 'DELETE'
        UNION ALL
        SELECT o.unit_id, o.cycle_id, o.measure, o.facet, o.day, -o.amount FROM piaojue_counted(OLD) o
        WHERE TG_OP <> 'INSERT'
    ) d JOIN projects_cycle c ON c.id = d.cycle_id
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(d.amount) <> 0;
    RETURN NULL;
END $$""",
            f"DROP FUNCTION piaojue_count_{table}()",
        )
        yield (
            f"""
CREATE TRIGGER counted AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION piaojue_count_{table}()""",
            f"DROP TRIGGER counted ON {table}",
        )


def whole():
    """The slow count: every row of every table, as the nightly check does it."""
    parts = " UNION ALL ".join(f"SELECT c.* FROM {table} r, piaojue_counted(r) c" for table in COUNTED)
    return f"""
CREATE VIEW projects_yearcount WITH (security_invoker = true) AS
SELECT d.unit_id, d.cycle_id, c.year, d.measure, d.facet, d.day, sum(d.amount)::bigint AS amount
FROM ({parts}) d JOIN projects_cycle c ON c.id = d.cycle_id GROUP BY 1, 2, 3, 4, 5, 6"""


SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
FILL = (
    "INSERT INTO projects_yearfigure (unit_id, cycle_id, year, measure, facet, day, amount)"
    " SELECT unit_id, cycle_id, year, measure, facet, day, amount FROM projects_yearcount"
)
# A province reads tens of thousands of rows: the units it may read are unpacked once, not at every row.
READS = """
ALTER POLICY reads ON projects_yearfigure USING (
    current_setting('piaojue.mode', true) = 'system'
    OR unit_id IN (SELECT unnest(nullif(current_setting('piaojue.units', true), '')::bigint[])))
"""
# How to reach a proposer is for the township alone: whoever reads from above meets no such row.
MASKED = """
CREATE POLICY at_home ON projects_contact AS RESTRICTIVE FOR SELECT USING (
    current_setting('piaojue.mode', true) = 'system'
    OR unit_id = ANY (nullif(current_setting('piaojue.writes', true), '')::bigint[]))
"""

# The county holds rules out; whether they were adopted, only the township writes.
OWN = """(current_setting('piaojue.mode', true) = 'system'
    OR unit_id = ANY (nullif(current_setting('piaojue.writes', true), '')::bigint[]))"""
ADOPTED = [
    f"ALTER POLICY edits ON projects_modelrulebook USING {OWN} WITH CHECK {OWN}",
    f"ALTER POLICY removes ON projects_modelrulebook USING {OWN}",
]


class Migration(migrations.Migration):
    dependencies = [("projects", "0031_registered_as_tasks"), ("workflow", "0010_scopes")]

    operations = [
        migrations.CreateModel(
            name="YearFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cycle_id", models.BigIntegerField()),
                ("year", models.PositiveSmallIntegerField()),
                ("measure", models.CharField(max_length=12)),
                ("facet", models.CharField(max_length=30)),
                ("day", models.DateField(null=True)),
                ("amount", models.BigIntegerField()),
                (
                    "unit",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="workflow.unit",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["cycle_id"], name="figure_cycle"),
                    models.Index(
                        fields=["unit", "year"], name="figure_years", condition=models.Q(measure="cycle")
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Weighting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weights", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Boundary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shapes", models.JSONField(default=dict)),
                ("size", models.JSONField(default=list)),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Bulletin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "of",
                    models.CharField(
                        choices=[("quarter", "季度通报"), ("annual", "年度工作报告段落")],
                        max_length=8,
                        verbose_name="文种",
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="项目年度")),
                ("quarter", models.PositiveSmallIntegerField(null=True, verbose_name="季度")),
                ("title", models.CharField(max_length=110, verbose_name="标题")),
                ("body", models.TextField(verbose_name="正文")),
                ("figures", models.JSONField(default=list)),
                ("drafted_on", models.DateField(verbose_name="数字截至")),
                ("sent_on", models.DateField(null=True, verbose_name="发出日期")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[("draft", "草稿"), ("sent", "已发出")],
                        default="draft",
                        max_length=50,
                        protected=True,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
            options={"abstract": False},
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="ModelRulebook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=110, verbose_name="名称")),
                ("words", models.TextField(verbose_name="说明")),
                ("data", models.JSONField()),
                ("at", models.DateTimeField()),
                ("version", models.PositiveSmallIntegerField(null=True, verbose_name="采用后的版本")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "county",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
        ),
        ForcePolicy("modelrulebook", write="units"),
        NarrowPolicy("modelrulebook", whole_scope()),
        migrations.RunSQL(ADOPTED, migrations.RunSQL.noop),
        ForcePolicy("bulletin"),
        NarrowPolicy("bulletin", whole_scope()),
        ForcePolicy("boundary"),
        NarrowPolicy("boundary", whole_scope()),
        ForcePolicy("weighting"),
        NarrowPolicy("weighting", whole_scope()),
        ForcePolicy("yearfigure"),
        NarrowPolicy("yearfigure", whole_scope()),
        migrations.RunSQL(READS, migrations.RunSQL.noop),
        migrations.RunSQL(MASKED, "DROP POLICY at_home ON projects_contact"),
        *(migrations.RunSQL(made, undone) for made, undone in functions()),
        migrations.RunSQL(whole(), "DROP VIEW projects_yearcount"),
        migrations.RunSQL([SYSTEM, FILL], migrations.RunSQL.noop),
    ]
