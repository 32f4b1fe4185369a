"""Every table with a unit gets its forced policy; `public` rows are what anybody may read."""

from django.db import migrations

from workflow.people.isolation import ForcePolicy, ForceTable, among, of_a_whole

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
    dependencies = [("projects", "0001_tables")]

    operations = [
        ForcePolicy("addedmatter"),
        ForcePolicy("addendum"),
        ForcePolicy("appraisal"),
        ForcePolicy("appraisalreturn"),
        ForcePolicy("archive"),
        ForcePolicy("attachment", public="public"),
        ForcePolicy("audit"),
        ForcePolicy("boundary"),
        ForcePolicy("box"),
        ForcePolicy("budgetline"),
        ForcePolicy("bulletin"),
        ForcePolicy("change", public="state IN ('announced', 'ratified', 'revoked')"),
        ForcePolicy("contact"),
        ForcePolicy("contract"),
        ForcePolicy("cycle", public="state <> 'preparing'"),
        ForcePolicy("cyclesession", public="true"),
        ForcePolicy("erasure"),
        ForcePolicy("erasurerequest"),
        ForcePolicy("examination"),
        ForcePolicy("exclusion"),
        ForcePolicy("finding"),
        ForcePolicy("guidance", write="units"),
        ForcePolicy("hold"),
        ForcePolicy("inquiry"),
        ForcePolicy("inspection"),
        ForcePolicy("interpellation"),
        ForcePolicy(
            "item",
            public="state IN ('on_ballot', 'elected', 'not_elected') OR EXISTS (SELECT 1 FROM projects_notice_items n WHERE n.item_id = projects_item.id)",
        ),
        ForcePolicy("keyholder"),
        ForcePolicy("keying"),
        ForcePolicy("measurement", public="state IN ('closed', 'rectifying', 'rectified', 'superseded')"),
        ForcePolicy(
            "milestone",
            public="EXISTS (SELECT 1 FROM projects_plan p WHERE p.project_id = projects_milestone.project_id AND p.published_at IS NOT NULL)",
        ),
        ForcePolicy("modelrulebook", write="units"),
        ForcePolicy("note", write="units"),
        ForcePolicy("notice", public="true"),
        ForcePolicy("objection"),
        ForcePolicy("opinion"),
        ForcePolicy("option", public="EXISTS (SELECT 1 FROM projects_vote v WHERE v.id = vote_id)"),
        ForcePolicy("paper", public="published_at IS NOT NULL"),
        ForcePolicy("payment"),
        ForcePolicy("plan", public="published_at IS NOT NULL"),
        ForcePolicy("progress", public="true"),
        ForcePolicy("project", public="true"),
        ForcePolicy("proposal"),
        ForcePolicy("question"),
        ForcePolicy("rating"),
        ForcePolicy("receipt"),
        ForcePolicy("review"),
        ForcePolicy("rollentry"),
        ForcePolicy("rollline"),
        ForcePolicy("rulebook", public="true"),
        ForcePolicy("sample", write="units"),
        ForcePolicy("score"),
        ForcePolicy("screening"),
        ForcePolicy("session", public="true"),
        ForcePolicy("signature"),
        ForcePolicy("source"),
        ForcePolicy("term", public="true"),
        ForcePolicy("visit"),
        ForcePolicy("vote", public="state = 'declared'"),
        ForcePolicy("weighting"),
        ForcePolicy("withdrawal"),
        ForcePolicy("yearfigure"),
        # Whoever looks at a unit writes for it too, nearly always: its own sums are found readable without looking for it
        # among all that lie below it, of which a nation has tens of thousands.
        ForceTable(
            "projects_yearsum",
            reads=f"{among('unit_id', 'writes')} OR {among('unit_id', 'units')}",
            writes=among("unit_id", "writes"),
        ),
        of_a_whole("projects_addedmatter_movers", "addedmatter_id", "projects_addedmatter"),
        of_a_whole("projects_interpellation_movers", "interpellation_id", "projects_interpellation"),
        of_a_whole("projects_notice_items", "notice_id", "projects_notice"),
        migrations.RunSQL(ADOPTED, migrations.RunSQL.noop),
        migrations.RunSQL(MASKED, "DROP POLICY at_home ON projects_contact"),
    ]
