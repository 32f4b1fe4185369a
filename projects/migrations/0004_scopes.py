"""What of a township's records an office limited to a part of the work reads: an auditor, by its notice.

Every table belongs to its step; where a record says itself which step it is of, the record decides. Money runs
through the steps: the appraisal of funds, the draft budget, contracts, audits.
"""

from django.db import migrations

from workflow.people.isolation import NarrowPolicy, in_scope, whole_scope


def of(*parts: str) -> str:
    return in_scope(*(f"'{part}'" for part in parts))


def where_seen(table: str, column: str, of_table: str) -> str:
    """Whatever its whole shows: that table's own policy decides."""
    return f"EXISTS (SELECT 1 FROM {of_table} w WHERE w.id = {table}.{column})"


MONEY_PAPERS = "('budget_table', 'funds_note', 'audit_report')"
# A file follows the record it is kept with.
ATTACHED = f"""CASE split_part(subject, ':', 1)
    WHEN 'paper' THEN EXISTS (SELECT 1 FROM projects_paper p WHERE 'paper:' || p.id = projects_attachment.subject)
    WHEN 'project' THEN {of("5", "6")}
    WHEN 'finding' THEN {of("5")}
    WHEN 'change' THEN {of("5")}
    WHEN 'inquiry' THEN {of("5")}
    WHEN 'interpellation' THEN {of("5")}
    WHEN 'measurement' THEN {of("6")}
    WHEN 'vote' THEN EXISTS (SELECT 1 FROM projects_vote v WHERE 'vote:' || v.id = projects_attachment.subject)
    WHEN 'proposal' THEN {of("1")}
    WHEN 'item' THEN {of("2")}
    WHEN 'notice' THEN {of("2")}
    WHEN 'objection' THEN {of("2")}
    ELSE {whole_scope()} END"""

ONE_STEP = {
    "1": ("proposal", "contact", "erasurerequest"),
    "2": ("source", "screening", "appraisalreturn", "score", "notice", "objection", "exclusion"),
    "3": ("visit", "receipt", "opinion", "question", "withdrawal", "addedmatter", "rollline"),
    "4": ("box",),
    "5": ("milestone", "inspection", "finding", "change", "inquiry", "interpellation"),
    "6": ("rating", "review", "measurement", "addendum"),
}
# The dossier of all six steps, and what belongs to none of them.
WHOLE = (
    "archive", "guidance", "note", "sample", "modelrulebook", "bulletin", "boundary", "weighting", "yearfigure",
    "yearsum",
    "examination", "hold", "erasure",
)  # fmt: skip
OTHERS = {
    # What has become a project is a fact of steps 5 and 6.
    "item": f"{of('2')} OR (state IN ('elected', 'substituted') AND {of('5', '6', 'money')})",
    "appraisal": f"{of('2')} OR (kind = 'finance' AND {of('money')})",
    "budgetline": of("3", "money"),
    "vote": in_scope("step_number::text"),
    "project": of("5", "6", "money"),
    "plan": of("5", "money"),
    "progress": of("5", "money"),
    "contract": of("5", "money"),
    "payment": of("5", "money"),
    "audit": of("5", "money"),
    "paper": f"{in_scope('step::text')} OR (kind IN {MONEY_PAPERS} AND {of('money')}) OR {whole_scope()}",
    "attachment": ATTACHED,
} | {
    name: where_seen(f"projects_{name}", "vote_id", "projects_vote")
    for name in ("option", "keying", "signature", "keyholder", "rollentry")
}


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_as_decided")]

    operations = [
        *(NarrowPolicy(name, of(step)) for step, names in ONE_STEP.items() for name in names),
        *(NarrowPolicy(name, condition) for name, condition in OTHERS.items()),
        *(NarrowPolicy(name, whole_scope()) for name in WHOLE),
    ]
