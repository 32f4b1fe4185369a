"""What changes in the domain's records without an act is written down: no box, no roll, nothing keyed or sealed.

Left out with the ballots: proposers' contacts, which the trail knows by their commitment, and the county's counted
figures, which triggers write. Told are titles and what the congress decides by; free text stays out.
"""

from django.db import migrations

from workflow.audit.rows import WatchRows

OF_CYCLE = "'cycle:' || ($1 ->> 'cycle_id')"
ITSELF = "'cycle:' || ($1 ->> 'id')"
OF_PROJECT = "'cycle:' || (SELECT cycle_id FROM projects_project WHERE id = ($1 ->> 'project_id')::bigint)"
OF_ITEM = "'cycle:' || (SELECT cycle_id FROM projects_item WHERE id = ($1 ->> 'item_id')::bigint)"
OF_NOTICE = "'cycle:' || (SELECT cycle_id FROM projects_notice WHERE id = ($1 ->> 'notice_id')::bigint)"
NAMED = "$1 ->> 'about_reference'"

# An act of a step on a part of a record is on the record: "kind:column".
RECORDS = [
    WatchRows("rulebook", subject="rulebook:id", told=("data", "note")),
    WatchRows("cycle", subject="cycle:id", about=ITSELF, told=("period", "rules_data")),
    WatchRows("term", subject="term:id"),
    WatchRows("session", subject="session:id"),
    WatchRows("cyclesession", subject="session:session_id", about=OF_CYCLE),
    WatchRows("paper", subject="paper:id", about=OF_CYCLE, told=("kind", "number", "title", "subject")),
    WatchRows("attachment", subject="attachment:id", told=("subject", "sha256")),
    # step 1
    WatchRows("proposal", subject="proposal:id", about=OF_CYCLE, step=1, told=("title", "place", "category")),
    # step 2
    WatchRows(
        "item", subject="item:id", about=OF_CYCLE, step=2,
        told=("title", "category", "place", "beneficiaries", "funding", "target", "milestone"),
    ),
    WatchRows("source", subject="item:item_id", about=OF_ITEM, step=2),
    WatchRows("screening", subject="item:item_id", about=OF_ITEM, step=2, told=("rule",)),
    WatchRows("appraisal", subject="item:item_id", about=OF_ITEM, step=2),
    WatchRows("exclusion", subject="exclusion:id", about=OF_CYCLE, step=2),
    WatchRows("score", subject="item:item_id", about=OF_ITEM, step=2),
    WatchRows("notice", subject="notice:id", about=OF_CYCLE, step=2),
    WatchRows("objection", subject="objection:id", about=OF_NOTICE, step=2),
    # step 3
    WatchRows("visit", subject="cycle:cycle_id", about=OF_CYCLE, step=3),
    WatchRows("budgetline", subject="item:item_id", about=OF_ITEM, step=3, told=("code", "source")),
    WatchRows("opinion", subject="cycle:cycle_id", about=OF_CYCLE, step=3),
    WatchRows("question", subject="question:id", about=OF_CYCLE, step=3),
    WatchRows("withdrawal", subject="withdrawal:id", about=OF_ITEM, step=3),
    WatchRows("addedmatter", subject="matter:id", about=OF_CYCLE, step=3, told=("title",)),
    # step 4: the vote itself; what was issued and returned, by paper or device, and every figure by name alone
    WatchRows(
        "vote", subject="vote:id", about=NAMED, step=4, alone=True,
        told=(
            "id", "unit_id", "state", "session_id", "purpose", "title", "mode", "seats", "deputies_in_office",
            "deputies_present", "on_leave", "follows_id", "device", "keypad", "device_least", "box_of_id", "is_recount",
            "destroyed_on", "step_number",
        ),
    ),
    # step 5
    WatchRows(
        "project", subject="project:id", about=OF_CYCLE, step=5,
        told=("title", "category", "place", "target", "light"),
    ),
    WatchRows("plan", subject="project:project_id", about=OF_PROJECT, step=5, told=("target",)),
    WatchRows("milestone", subject="project:project_id", about=OF_PROJECT, step=5, told=("title",)),
    WatchRows("contract", subject="project:project_id", about=OF_PROJECT, step=5, told=("number",)),
    WatchRows("audit", subject="audit:id", about=OF_PROJECT, step=5, told=("number", "title")),
    WatchRows("progress", subject="project:project_id", about=OF_PROJECT, step=5, told=("period", "light")),
    WatchRows("inspection", subject="project:project_id", about=OF_PROJECT, step=5, told=("place",)),
    WatchRows("finding", subject="finding:id", about=OF_PROJECT, step=5),
    WatchRows("change", subject="change:id", about=OF_PROJECT, step=5, told=("proposed", "before", "body")),
    WatchRows("inquiry", subject="inquiry:id", about=OF_CYCLE, step=5),
    WatchRows("interpellation", subject="interpellation:id", about=OF_CYCLE, step=5),
    # step 6
    WatchRows("rating", subject="project:project_id", about=OF_PROJECT, step=6),
    WatchRows("review", subject="project:project_id", about=OF_PROJECT, step=6),
    WatchRows(
        "measurement", subject="measurement:id", about=OF_CYCLE, step=6, told=("verdict", "judgement"),
    ),
    WatchRows("archive", subject="cycle:cycle_id", about=OF_CYCLE, step=6, told=("sha256",)),
    WatchRows("addendum", subject="project:project_id", about=OF_PROJECT, step=6, told=("sha256",)),
    # what is kept of people
    WatchRows("hold", subject="hold:id"),
    WatchRows("erasure", subject="erasure:id"),
    WatchRows("erasurerequest", subject="erasure_request:id"),
    # the county
    WatchRows("guidance", subject="guidance:id", told=("title",)),
    WatchRows("note", subject="note:id", about=OF_CYCLE, told=("title",)),
    WatchRows("sample", subject="sample:id", about=OF_CYCLE, told=("seed",)),
]  # fmt: skip

# The guard over what was decided asks another table: not one of the session's own making.


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_county_figures"), ("workflow", "0007_rows")]

    operations = [*RECORDS]
