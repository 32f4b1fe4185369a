"""What a county sees of its townships' years is counted by the writers themselves, in their own transactions.

Each table says what one of its rows counts for, in a function of its own; a trigger appends the difference a write
makes. Nothing is updated in place: two acts of one township never wait for each other's counters (performance.md).
"""

from django.db import migrations


# Of a row `r`: whose it is, the year it belongs to, and what it counts for: (measure, facet, day, amount).
CYCLE_NAMED = "CASE WHEN {0} LIKE 'cycle:%' THEN split_part({0}, ':', 2)::bigint END"
OF_PROJECT = "(SELECT p.cycle_id FROM projects_project p WHERE p.id = r.project_id)"
ON_THE_LIST = (
    "r.state IN ('candidate', 'on_ballot', 'elected', 'not_elected', 'substituted')"
    " OR (r.state = 'reserved' AND r.ballot_number IS NOT NULL)"
)
MEASURED = "r.state IN ('measured', 'closed', 'rectifying', 'rectified')"
# One carried over may pass before its project is finished; it counts as passed from then on.
FINISHED = "('completed', 'accepted')"
PASSED = f"""r.state = 'closed' AND EXISTS (
        SELECT FROM projects_project p WHERE p.id = r.project_id AND p.state IN {FINISHED})"""  # noqa: S608
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
    "projects_payment": (OF_PROJECT, "('paid', r.source, NULL, r.amount_fen)"),
    "projects_inspection": (OF_PROJECT, "('inspection', '', NULL, 1)"),
    "projects_rating": (OF_PROJECT, "('rating', r.grade, NULL, 1)"),
    "projects_measurement": (
        "r.cycle_id",
        f"""('judged', '', NULL, ({PASSED})::int),
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
    "projects_examination": (
        "r.cycle_id",
        """('check', 'held', NULL, r.held),
           ('check', 'not_held', NULL, r.not_held),
           ('check', 'not_yet', NULL, r.not_yet),
           ('check', 'not_applicable', NULL, r.not_applicable),
           ('examined', '', (r.at AT TIME ZONE 'Asia/Shanghai')::date, 1)""",
    ),
    "workflow_deadline": (
        CYCLE_NAMED.format("r.about"),
        """('open', coalesce(r.step, 0) || ':' || r.office, r.binds_on, (r.done_at IS NULL AND NOT r.cancelled)::int),
           ('ended', coalesce(r.step, 0)::text, NULL, (NOT r.cancelled AND r.done_at IS NOT NULL)::int),
           ('late', coalesce(r.step, 0)::text, NULL, (NOT r.cancelled
                AND (r.done_at AT TIME ZONE 'Asia/Shanghai')::date > r.binds_on)::int),
           ('note', '', r.binds_on, (r.key = 'oversight.note_reply' AND r.done_at IS NULL AND NOT r.cancelled)::int)""",
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


# Its measurement's row counts by the project's state, so the project's table has a trigger of its own, which appends
# the difference that finishing, or being sent back, makes.
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
FOLLOWED = f"""
CREATE TRIGGER counted_passed AFTER UPDATE OF state ON projects_project FOR EACH ROW
WHEN ((OLD.state IN {FINISHED}) IS DISTINCT FROM (NEW.state IN {FINISHED}))
EXECUTE FUNCTION piaojue_count_passed()"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_scopes")]

    operations = [
        *(migrations.RunSQL(made, undone) for made, undone in functions()),
        migrations.RunSQL(whole(), "DROP VIEW projects_yearcount"),
        migrations.RunSQL(FOLLOW, "DROP FUNCTION piaojue_count_passed()"),
        migrations.RunSQL(FOLLOWED, "DROP TRIGGER counted_passed ON projects_project"),
    ]
