"""What the checks of conformance last found of each year is kept, and counted for the county like everything else."""

import django.db.models.deletion
from django.db import migrations, models

from workflow.people.isolation import ForcePolicy, NarrowPolicy, whole_scope

TABLE = "projects_examination"
COUNTED = f"""
CREATE FUNCTION piaojue_counted(r {TABLE})
RETURNS TABLE (unit_id bigint, cycle_id bigint, measure text, facet text, day date, amount bigint)
LANGUAGE sql STABLE AS $$
    SELECT r.unit_id::bigint, r.cycle_id::bigint, v.measure::text, v.facet::text, v.day::date, v.amount::bigint
    FROM (VALUES ('check', 'held', NULL, r.held),
           ('check', 'not_held', NULL, r.not_held),
           ('check', 'not_yet', NULL, r.not_yet),
           ('check', 'not_applicable', NULL, r.not_applicable),
           ('examined', '', (r.at AT TIME ZONE 'Asia/Shanghai')::date, 1)
    ) v (measure, facet, day, amount) WHERE v.amount <> 0
$$"""
# As for the other tables (0032): the difference a write makes is appended.
COUNT = f"""
CREATE FUNCTION piaojue_count_{TABLE}() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$"""
TRIGGER = f"""
CREATE TRIGGER counted AFTER INSERT OR UPDATE OR DELETE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION piaojue_count_{TABLE}()"""
BEFORE = (
    "projects_cycle", "projects_proposal", "projects_item", "projects_project", "projects_finding", "projects_inspection",
    "projects_rating", "projects_measurement", "projects_visit", "projects_vote", "workflow_deadline",
)  # fmt: skip


def whole(*tables):
    """The slow count over these tables."""
    parts = " UNION ALL ".join(f"SELECT c.* FROM {table} r, piaojue_counted(r) c" for table in tables)
    return f"""
CREATE OR REPLACE VIEW projects_yearcount WITH (security_invoker = true) AS
SELECT d.unit_id, d.cycle_id, c.year, d.measure, d.facet, d.day, sum(d.amount)::bigint AS amount
FROM ({parts}) d JOIN projects_cycle c ON c.id = d.cycle_id GROUP BY 1, 2, 3, 4, 5, 6"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0035_retention"), ("workflow", "0014_stamps")]

    operations = [
        migrations.CreateModel(
            name="Examination",
            fields=[
                (
                    "cycle",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="examination",
                        serialize=False,
                        to="projects.cycle",
                    ),
                ),
                ("held", models.PositiveSmallIntegerField(verbose_name="符合")),
                ("not_held", models.PositiveSmallIntegerField(verbose_name="不符合")),
                ("not_yet", models.PositiveSmallIntegerField(verbose_name="尚未到")),
                ("not_applicable", models.PositiveSmallIntegerField(verbose_name="不适用")),
                ("broken", models.JSONField(default=list)),
                ("size", models.BigIntegerField()),
                ("checks", models.CharField(max_length=16)),
                ("at", models.DateTimeField(verbose_name="检查时间")),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.unit"
                    ),
                ),
            ],
        ),
        ForcePolicy("examination"),
        NarrowPolicy("examination", whole_scope()),
        migrations.RunSQL(COUNTED, f"DROP FUNCTION piaojue_counted({TABLE})"),
        migrations.RunSQL(COUNT, f"DROP FUNCTION piaojue_count_{TABLE}()"),
        migrations.RunSQL(TRIGGER, f"DROP TRIGGER counted ON {TABLE}"),
        migrations.RunSQL(whole(*BEFORE, TABLE), whole(*BEFORE)),
    ]
