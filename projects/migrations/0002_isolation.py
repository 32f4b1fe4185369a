"""Every table with a unit gets its forced policy; `public` rows are what anybody may read."""

from django.db import migrations

from workflow.people.isolation import ForcePolicy


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_records")]

    operations = [
        ForcePolicy("addedmatter"),
        ForcePolicy("appraisal"),
        ForcePolicy("archive"),
        ForcePolicy("attachment", public="public"),
        ForcePolicy("budgetline"),
        ForcePolicy("change", public="state IN ('announced', 'ratified', 'revoked')"),
        ForcePolicy("contact"),
        ForcePolicy("contract"),
        ForcePolicy("cycle", public="state <> 'preparing'"),
        ForcePolicy("cyclesession", public="true"),
        ForcePolicy("finding"),
        ForcePolicy("guidance", write="units"),
        ForcePolicy("inspection"),
        ForcePolicy("interpellation"),
        ForcePolicy(
            "item",
            public="state IN ('on_ballot', 'elected', 'not_elected') OR EXISTS (SELECT 1 FROM projects_notice_items n WHERE n.item_id = projects_item.id)",
        ),
        ForcePolicy("keying"),
        ForcePolicy("measurement", public="state IN ('closed', 'rectifying', 'rectified', 'superseded')"),
        ForcePolicy(
            "milestone",
            public="EXISTS (SELECT 1 FROM projects_plan p WHERE p.project_id = projects_milestone.project_id AND p.published_at IS NOT NULL)",
        ),
        ForcePolicy("note", write="units"),
        ForcePolicy("notice", public="true"),
        ForcePolicy("objection"),
        ForcePolicy("opinion"),
        ForcePolicy("option", public="EXISTS (SELECT 1 FROM projects_vote v WHERE v.id = vote_id)"),
        ForcePolicy("paper", public="published_at IS NOT NULL"),
        ForcePolicy("plan", public="published_at IS NOT NULL"),
        ForcePolicy("progress", public="true"),
        ForcePolicy("project", public="true"),
        ForcePolicy("proposal"),
        ForcePolicy("question"),
        ForcePolicy("rating"),
        ForcePolicy("receipt"),
        ForcePolicy("review"),
        ForcePolicy("rollline"),
        ForcePolicy("rulebook", public="true"),
        ForcePolicy("sample", write="units"),
        ForcePolicy("score"),
        ForcePolicy("screening"),
        ForcePolicy("session", public="true"),
        ForcePolicy("signature"),
        ForcePolicy("source"),
        ForcePolicy("visit"),
        ForcePolicy("vote", public="state = 'declared'"),
        ForcePolicy("withdrawal"),
    ]
