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
        ForcePolicy("change", public="state = 'announced'"),
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
            public="state IN ('candidate', 'withdrawn', 'on_ballot', 'elected', 'not_elected', 'reserved')",
        ),
        ForcePolicy("keying"),
        ForcePolicy(
            "measurement", public="state IN ('closed', 'rectifying', 'rectified')"
        ),
        ForcePolicy("milestone", public="true"),
        ForcePolicy("note", write="units"),
        ForcePolicy("notice", public="true"),
        ForcePolicy("objection"),
        ForcePolicy("opinion"),
        ForcePolicy(
            "option",
            public="EXISTS (SELECT 1 FROM projects_vote v WHERE v.id = vote_id)",
        ),
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
        ForcePolicy("screening"),
        ForcePolicy("session", public="true"),
        ForcePolicy("signature"),
        ForcePolicy("source"),
        ForcePolicy("visit"),
        ForcePolicy("vote", public="state = 'declared'"),
        ForcePolicy("withdrawal"),
    ]
