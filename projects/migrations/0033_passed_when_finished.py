"""A measurement that passed counts as such once its project is finished: one carried over may pass before that.

The one row is counted by the state of another, so the other's table has a trigger of its own, which appends the
difference its project's finishing, or being sent back, makes.
"""

from django.db import migrations

MEASURED = "r.state IN ('measured', 'closed', 'rectifying', 'rectified')"
FINISHED = "('completed', 'accepted')"
COUNTED = """
CREATE OR REPLACE FUNCTION piaojue_counted(r projects_measurement)
RETURNS TABLE (unit_id bigint, cycle_id bigint, measure text, facet text, day date, amount bigint)
LANGUAGE sql STABLE AS $$
    SELECT r.unit_id::bigint, r.cycle_id::bigint, v.measure::text, v.facet::text, v.day::date, v.amount::bigint
    FROM (VALUES ('judged', '', NULL, ({passed})::int),
           ('failing', '', NULL, (r.state IN ('rectifying', 'rectified'))::int),
           ('mark', 'satisfied', NULL, CASE WHEN {measured} THEN r.satisfied END),
           ('mark', 'basic', NULL, CASE WHEN {measured} THEN r.basic END),
           ('mark', 'base', NULL, CASE WHEN {measured} THEN r.base END)
    ) v (measure, facet, day, amount) WHERE v.amount <> 0
$$"""
PASSED = f"""r.state = 'closed' AND EXISTS (
        SELECT FROM projects_project p WHERE p.id = r.project_id AND p.state IN {FINISHED})"""  # noqa: S608
FOLLOW = f"""
CREATE FUNCTION piaojue_count_passed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO projects_yearfigure (unit_id, cycle_id, year, measure, facet, day, amount)
    SELECT m.unit_id, m.cycle_id, c.year, 'judged', '', NULL,
           count(*) * CASE WHEN NEW.state IN {FINISHED} THEN 1 ELSE -1 END
    FROM projects_measurement m JOIN projects_cycle c ON c.id = m.cycle_id
    WHERE m.project_id = NEW.id AND m.state = 'closed'
    GROUP BY 1, 2, 3;
    RETURN NULL;
END $$"""  # noqa: S608
TRIGGER = f"""
CREATE TRIGGER counted_passed AFTER UPDATE OF state ON projects_project FOR EACH ROW
WHEN ((OLD.state IN {FINISHED}) IS DISTINCT FROM (NEW.state IN {FINISHED}))
EXECUTE FUNCTION piaojue_count_passed()"""
SYSTEM = "SELECT set_config('piaojue.mode', 'system', true)"
# What was counted so far of projects not finished.
RECOUNT = """
INSERT INTO projects_yearfigure (unit_id, cycle_id, year, measure, facet, day, amount)
SELECT m.unit_id, m.cycle_id, c.year, 'judged', '', NULL, {sign} * count(*)
FROM projects_measurement m JOIN projects_cycle c ON c.id = m.cycle_id JOIN projects_project p ON p.id = m.project_id
WHERE m.state = 'closed' AND p.state NOT IN ('completed', 'accepted') GROUP BY 1, 2, 3"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0032_county_figures")]

    operations = [
        migrations.RunSQL(
            COUNTED.format(passed=PASSED, measured=MEASURED),
            COUNTED.format(passed="r.state = 'closed'", measured=MEASURED),
        ),
        migrations.RunSQL(FOLLOW, "DROP FUNCTION piaojue_count_passed()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER counted_passed ON projects_project"),
        migrations.RunSQL([SYSTEM, RECOUNT.format(sign=-1)], [SYSTEM, RECOUNT.format(sign=1)]),
    ]
