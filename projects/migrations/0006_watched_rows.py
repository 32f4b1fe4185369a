"""What changes in the domain's records without an act is written down: never a ballot, nor a mark on the roll of who voted.

Of what is keyed, signed and sealed the trail says that it was touched, by whose turn and in which vote, and no value.
Told are titles and what the congress decides by; free text stays out.
"""

from django.db import migrations

from workflow.audit.rows import WatchRows, of_whole

OF_CYCLE = "'cycle:' || ($1 ->> 'cycle_id')"
ITSELF = "'cycle:' || ($1 ->> 'id')"
OF_PROJECT = "'cycle:' || (SELECT cycle_id FROM projects_project WHERE id = ($1 ->> 'project_id')::bigint)"
OF_ITEM = "'cycle:' || (SELECT cycle_id FROM projects_item WHERE id = ($1 ->> 'item_id')::bigint)"
OF_NOTICE = "'cycle:' || (SELECT cycle_id FROM projects_notice WHERE id = ($1 ->> 'notice_id')::bigint)"
NAMED = "$1 ->> 'about_reference'"
OF_VOTE = "(SELECT about_reference FROM projects_vote WHERE id = ($1 ->> 'vote_id')::bigint)"


def of_a_vote(model: str, *told: str) -> WatchRows:
    """What hangs on a vote, on which nothing is told but what is named."""
    return WatchRows(
        model, subject="vote:vote_id", about=OF_VOTE, step=4, alone=True, told=("id", "unit_id", "vote_id", *told)
    )


def linked(model: str, column: str, whole: str, **kwargs) -> WatchRows:
    """A relation's rows, told with what they belong to. column: names that; whole: its table."""
    return WatchRows(model, unit=of_whole(column, whole), **kwargs)


# An act of a step on a part of a record is on the record: "kind:column".
RECORDS = [
    WatchRows("rulebook", subject="rulebook:id", told=("data", "note")),
    WatchRows("cycle", subject="cycle:id", about=ITSELF, told=("period", "rules_data")),
    WatchRows("term", subject="term:id"),
    WatchRows("session", subject="session:id"),
    WatchRows("rollline", subject="session:session_id"),
    WatchRows("cyclesession", subject="session:session_id", about=OF_CYCLE),
    WatchRows("paper", subject="paper:id", about=OF_CYCLE, told=("kind", "number", "title", "subject")),
    WatchRows("attachment", subject="attachment:id", told=("subject", "sha256")),
    # step 1
    WatchRows("proposal", subject="proposal:id", about=OF_CYCLE, step=1, told=("category",)),
    # step 2
    WatchRows(
        "item", subject="item:id", about=OF_CYCLE, step=2,
        told=("title", "category", "place", "beneficiaries", "funding", "target", "milestone"),
    ),
    WatchRows("source", subject="item:item_id", about=OF_ITEM, step=2),
    WatchRows("screening", subject="item:item_id", about=OF_ITEM, step=2, told=("rule",)),
    WatchRows("appraisal", subject="item:item_id", about=OF_ITEM, step=2),
    WatchRows("appraisalreturn", subject="cycle:cycle_id", about=OF_CYCLE, step=2),
    WatchRows("exclusion", subject="exclusion:id", about=OF_CYCLE, step=2),
    WatchRows("score", subject="item:item_id", about=OF_ITEM, step=2),
    WatchRows("notice", subject="notice:id", about=OF_CYCLE, step=2),
    linked(
        "notice_items", "notice_id", "projects_notice", subject="notice:notice_id", about=OF_NOTICE, step=2,
    ),
    WatchRows("objection", subject="objection:id", about=OF_NOTICE, step=2),
    # step 3
    WatchRows("visit", subject="cycle:cycle_id", about=OF_CYCLE, step=3),
    WatchRows("receipt", subject="cycle:cycle_id", about=OF_CYCLE, step=3),
    WatchRows("budgetline", subject="item:item_id", about=OF_ITEM, step=3, told=("code", "source")),
    WatchRows("opinion", subject="cycle:cycle_id", about=OF_CYCLE, step=3),
    WatchRows("question", subject="question:id", about=OF_CYCLE, step=3),
    WatchRows("withdrawal", subject="withdrawal:id", about=OF_ITEM, step=3),
    WatchRows("addedmatter", subject="matter:id", about=OF_CYCLE, step=3, told=("title",)),
    linked(
        "addedmatter_movers", "addedmatter_id", "projects_addedmatter", subject="matter:addedmatter_id", step=3,
        about="'cycle:' || (SELECT cycle_id FROM projects_addedmatter WHERE id = ($1 ->> 'addedmatter_id')::bigint)",
    ),
    # step 4: the vote itself; what was issued and returned, by paper or device, and every figure by name alone
    WatchRows(
        "vote", subject="vote:id", about=NAMED, step=4, alone=True,
        told=(
            "id", "unit_id", "state", "session_id", "purpose", "title", "mode", "seats", "deputies_in_office",
            "deputies_present", "on_leave", "follows_id", "ordered_by_id", "device", "keypad", "device_least", "box_of_id",
            "is_recount", "destroyed_on", "step_number",
        ),
    ),
    of_a_vote("option", "position", "reference", "title"),
    of_a_vote("keying", "turn", "round", "by_id"),
    of_a_vote("signature", "office", "by_id"),
    of_a_vote("keyholder", "office", "by_id"),
    # step 5
    WatchRows(
        "project", subject="project:id", about=OF_CYCLE, step=5,
        told=("title", "category", "place", "target", "light", "light_set_aside"),
    ),
    WatchRows("plan", subject="project:project_id", about=OF_PROJECT, step=5, told=("target",)),
    WatchRows("milestone", subject="project:project_id", about=OF_PROJECT, step=5, told=("title",)),
    WatchRows("contract", subject="project:project_id", about=OF_PROJECT, step=5, told=("number",)),
    WatchRows("payment", subject="project:project_id", about=OF_PROJECT, step=5, told=("source", "number")),
    WatchRows("audit", subject="audit:id", about=OF_PROJECT, step=5, told=("number", "title")),
    WatchRows("progress", subject="project:project_id", about=OF_PROJECT, step=5, told=("period", "light")),
    WatchRows("inspection", subject="project:project_id", about=OF_PROJECT, step=5, told=("place",)),
    WatchRows("finding", subject="finding:id", about=OF_PROJECT, step=5),
    WatchRows("change", subject="change:id", about=OF_PROJECT, step=5, told=("proposed", "before", "body")),
    WatchRows("inquiry", subject="inquiry:id", about=OF_CYCLE, step=5),
    WatchRows("interpellation", subject="interpellation:id", about=OF_CYCLE, step=5),
    linked(
        "interpellation_movers", "interpellation_id", "projects_interpellation",
        subject="interpellation:interpellation_id", step=5,
        about="'cycle:' || (SELECT cycle_id FROM projects_interpellation"
        " WHERE id = ($1 ->> 'interpellation_id')::bigint)",
    ),
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
    WatchRows("modelrulebook", subject="model_rulebook:id", told=("title", "data")),
    WatchRows("weighting", subject="unit:unit_id", told=("weights",)),
    WatchRows("boundary", subject="unit:unit_id", told=("sha256",)),
]  # fmt: skip

# The guard over what was decided asks another table: not one of the session's own making.


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_county_figures"), ("workflow", "0007_rows")]

    operations = [*RECORDS]
