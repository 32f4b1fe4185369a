"""Which act is told to whom, how urgently and by which way: one table, pure.

The post office knows acts and offices by their names alone; what they mean is the domain's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

URGENT, NORMAL, LOW = "urgent", "normal", "low"
LEGAL, OVERDUE, SECURITY = "legal", "overdue", "security"
INVITED = "invited"  # the letter whose link is its reader's alone


class Audience(Enum):
    """Who is meant, to be looked up when the letter is written.

    NEXT: the holders of the tasks the act opened. ASKED: the holders of the task the entry names (`after.task_id`).
    AUTHOR: whoever wrote the first entry on the subject. OFFICES: the route's offices, anywhere in the township.
    ABOVE: the route's offices at the units above. NAMED: the person or persons whose username or list of usernames
    stands under the route's `found_in`.
    SEATED: the holders of `after.office` at the unit of code `after.seat`, in the township or above; of them
    `after.to` alone where it names one.
    """

    NEXT = "next"
    ASKED = "asked"
    AUTHOR = "author"
    OFFICES = "offices"
    ABOVE = "above"
    NAMED = "named"
    SEATED = "seated"


@dataclass(frozen=True)
class Route:
    """One row. pattern: the entry's action, with `*`; where: values the entry's `after` must have; unless: must not have.

    letter: the template's name in templates/notifications/letters. found_in: "after.to" or the like, for NAMED.
    outside: whether it also goes by channels that leave the site. only: the one channel it goes by; empty: by all that
    its reader has chosen. page: where what was said is read (`links.link_to_page`); empty: in the record's history.
    duty: why nobody may switch it off ("legal", "overdue", "security"); empty for what may be.
    """

    pattern: str
    audience: Audience
    letter: str
    urgency: str = NORMAL
    outside: bool = True
    only: str = ""
    page: str = ""
    duty: str = ""
    offices: tuple[str, ...] = ()
    found_in: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    unless: Mapping[str, Any] = field(default_factory=dict)

    def takes(self, action: str, after: Mapping[str, Any]) -> bool:
        """Whether an entry goes this way."""
        return (
            fnmatchcase(action, self.pattern)
            and all(after.get(key) == value for key, value in self.where.items())
            and not any(after.get(key) == value for key, value in self.unless.items())
        )


CONGRESS = ("deputy", "delegation_lead")
GOVERNMENT = ("mayor", "gov_clerk", "department", "finance")
WATCHING = ("chief_teller", "teller", "presidium", "chair")  # the ballots and what becomes of them
SEVERE = {"severe": True}
DESKS = ("chair", "clerk", "mayor", "gov_clerk")
PROPOSING = ("deputy", "senior_deputy", "department", "party", "station")
NEW_CONGRESS = {"opens_term": True}
SAID, DRAWN = "county_notes#guidance", "county_notes#samples"  # the page of what the county has written


def _to_the_hall(
    pattern: str, letter: str, urgency: str = NORMAL, others: tuple[str, ...] = ()
) -> tuple[Route, Route]:
    """Whoever sits at a session: its deputies; at the first of a new congress those elected to it, not the old ones."""
    return (
        Route(
            pattern,
            Audience.OFFICES,
            letter,
            urgency,
            duty=LEGAL,
            offices=("deputy_elect", *others),
            where=NEW_CONGRESS,
        ),
        Route(
            pattern,
            Audience.OFFICES,
            letter,
            urgency,
            duty=LEGAL,
            offices=(*CONGRESS, *others),
            unless=NEW_CONGRESS,
        ),
    )


# A person gets one letter for one entry: of the rows that reach them, the first.
ROUTES: tuple[Route, ...] = (
    Route("*.return", Audience.NEXT, "returned", URGENT),
    Route("*.take_back", Audience.NAMED, "taken_back", found_in="after.told"),
    Route("task.urge", Audience.ASKED, "urged", URGENT),
    Route("deadline.remind", Audience.ASKED, "overdue", URGENT, where={"when": "after"}, duty=OVERDUE),
    Route("deadline.remind", Audience.ASKED, "reminded"),
    Route("deadline.escalate", Audience.SEATED, "escalated", URGENT, duty=OVERDUE),
    Route("task.hand_over", Audience.NAMED, "handed_over", found_in="after.to"),
    Route("task.copy", Audience.SEATED, "copied"),
    Route("task.comment", Audience.ASKED, "noted", outside=False),
    Route("task.comment", Audience.NAMED, "noted", outside=False, found_in="after.told"),
    Route("meeting.call", Audience.NAMED, "meeting_called", URGENT, found_in="after.told"),
    Route("meeting.call_off", Audience.NAMED, "meeting_called_off", URGENT, found_in="after.told"),
    # Of a recount, a new vote or the turn to paper that was asked for and has been overtaken: whoever was named to count
    # again waits in the hall, whoever asked for it waits for an answer.
    Route(
        "flow.cancel",
        Audience.NAMED,
        "recount_lapsed",
        URGENT,
        duty=SECURITY,
        found_in="after.counters",
        where={"asked": "recount"},
    ),
    *(
        Route(
            "flow.cancel",
            Audience.NAMED,
            "asked_in_vain",
            URGENT,
            found_in="after.asked_by",
            where={"asked": asked},
        )
        for asked in ("turn", "recount", "void")
    ),
    Route("flow.cancel", Audience.OFFICES, "called_off", offices=DESKS),
    Route("grant.revoke", Audience.NAMED, "office_ended", found_in="before.user", duty=SECURITY),
    # Of a trail that is another than it was; written into the trail above as well, whose offices read of it there.
    Route(
        "trail.alarm",
        Audience.OFFICES,
        "trail_broken",
        URGENT,
        duty=SECURITY,
        offices=("auditor", "county", "admin"),
    ),
    # Whoever is written to cannot sign in before: by e-mail, and by nothing that is read inside the site.
    Route(
        "person.create",
        Audience.NAMED,
        INVITED,
        URGENT,
        only="email",
        duty=SECURITY,
        found_in="after.user",
        where={"entrance": "letter"},
    ),
    Route("stand_in.name", Audience.NAMED, "stand_in_named", found_in="after.user", duty=SECURITY),
    Route("stand_in.end", Audience.NAMED, "stand_in_ended", found_in="before.user"),
    Route("stand_in.end", Audience.NAMED, "stand_in_ended", found_in="before.stands_for"),
    # step 1
    # A joint call is published when the chair confirms it.
    Route("collection.publish_call", Audience.OFFICES, "call", offices=PROPOSING, where={"published": True}),
    Route("collection.cosign_call", Audience.OFFICES, "call", offices=PROPOSING),
    Route("proposal.accept", Audience.AUTHOR, "proposal_accepted", LOW, outside=False),
    Route("proposal.send_back", Audience.AUTHOR, "proposal_returned", URGENT),
    Route("proposal.pool", Audience.AUTHOR, "proposal_pooled", LOW),
    Route("proposal.answer", Audience.AUTHOR, "proposal_answered"),
    # step 3
    *_to_the_hall("cycle.move_session", "session_moved", URGENT, DESKS),
    *_to_the_hall("deliberation.convene", "convened", URGENT, GOVERNMENT),
    *_to_the_hall("deliberation.materials", "materials"),
    Route(
        "deliberation.added_matter",
        Audience.OFFICES,
        "cosign",
        URGENT,
        offices=("deputy",),
        where={"lodged": False},
    ),
    Route("matter.lapse", Audience.NAMED, "lapsed", found_in="after.signers"),
    # step 4
    Route("vote.make_void", Audience.OFFICES, "vote_void", URGENT, duty=LEGAL, offices=(*CONGRESS, *DESKS)),
    # Emptying a box destroys what was cast by phone: whoever cast it marks a paper now.
    Route(
        "vote.empty_box", Audience.OFFICES, "box_emptied", URGENT, duty=LEGAL, offices=(*CONGRESS, *WATCHING)
    ),
    Route("vote.empty_box", Audience.ABOVE, "box_emptied", offices=("county",)),
    # Whoever asked for it waits in the hall for a task that will not come.
    *(
        Route(
            f"*{asked}_confirm",
            Audience.NAMED,
            "not_agreed",
            URGENT,
            found_in="after.asked_by",
            where={"agreed": False},
        )
        for asked in ("turn", "recount", "void")
    ),
    # Whoever was named to count again was called into the hall.
    Route(
        "*recount_confirm",
        Audience.NAMED,
        "recount_declined",
        URGENT,
        duty=SECURITY,
        found_in="after.counters",
        where={"agreed": False},
    ),
    # No task asks for the second person at a destruction; the county reads of it when it is done, the auditor's part
    # is money and steps 5 and 6 (steps.md, Offices).
    Route("ballots.destroy", Audience.OFFICES, "destroying", URGENT, duty=LEGAL, offices=WATCHING),
    Route("ballots.confirm_destroy", Audience.OFFICES, "destroyed", offices=(*WATCHING, "clerk")),
    Route("ballots.confirm_destroy", Audience.ABOVE, "destroyed", offices=("county",)),
    Route("ballots.confirm_for_presidium", Audience.OFFICES, "destroyed", offices=(*WATCHING, "clerk")),
    Route("ballots.confirm_for_presidium", Audience.ABOVE, "destroyed", offices=("county",)),
    # Whoever is to count again sits in an office of the township, not in the hall.
    Route(
        "*name_counters",
        Audience.NAMED,
        "counters_named",
        URGENT,
        duty=SECURITY,
        found_in="after.counters",
    ),
    # Nobody has a task by it: whoever wants to ask for the recount waits to hear that it can be asked for.
    Route("*name_counters", Audience.OFFICES, "recount_possible", URGENT, offices=("chief_teller",)),
    Route("voting.declare", Audience.OFFICES, "declared", offices=(*CONGRESS, *DESKS, "department")),
    Route("voting.settle_tie", Audience.OFFICES, "declared", offices=(*CONGRESS, *DESKS, "department")),
    Route("voting.file_county", Audience.ABOVE, "filed", offices=("county",)),
    # step 5
    *_to_the_hall("supervision.call_session", "convened", URGENT, GOVERNMENT),
    Route(
        "supervision.summarise",
        Audience.OFFICES,
        "summarised",
        LOW,
        offices=("presidium", "chair", "clerk"),
        where={"reader": "presidium"},
    ),
    Route(
        "supervision.summarise",
        Audience.OFFICES,
        "summarised",
        LOW,
        offices=CONGRESS,
        where={"reader": "congress"},
    ),
    Route(
        "supervision.interpellate",
        Audience.OFFICES,
        "cosign",
        URGENT,
        offices=("deputy",),
        where={"lodged": False},
    ),
    # A light set by hand holds the responsible unit to account before everybody: it hears why.
    Route("supervision.set_light", Audience.SEATED, "light_set", URGENT),
    Route("supervision.restore_light", Audience.SEATED, "light_restored"),
    Route("interpellation.lapse", Audience.NAMED, "lapsed", found_in="after.signers"),
    Route("change.announce", Audience.OFFICES, "change_announced", offices=(*CONGRESS, "department")),
    Route("change.refuse", Audience.AUTHOR, "change_refused"),
    Route("change.revoke", Audience.OFFICES, "change_revoked", offices=(*CONGRESS, "mayor", "department")),
    # step 6
    *_to_the_hall("evaluation.convene", "convened", URGENT, GOVERNMENT),
    *_to_the_hall("evaluation.second_measure", "convened", URGENT, GOVERNMENT),
    # The county and the Party committee hear of a severe failure alone (steps.md, step 6, consequence).
    Route("measurement.fail", Audience.ABOVE, "measured_badly", URGENT, offices=("county",), where=SEVERE),
    Route("measurement.fail", Audience.OFFICES, "measured_badly", URGENT, offices=("party",), where=SEVERE),
    Route("measurement.fail", Audience.OFFICES, "measured_badly", URGENT, offices=DESKS),
    # what is kept how long: no task asks for it; the second person has one, which cannot be switched off either
    Route(
        "retention.due",
        Audience.OFFICES,
        "erasure_due",
        page="retention",
        duty=LEGAL,
        offices=("gov_clerk", "clerk"),
    ),
    Route("retention.ask", Audience.OFFICES, "erasing", URGENT, duty=LEGAL, offices=("chair",)),
    Route(
        "retention.confirm",
        Audience.OFFICES,
        "erased",
        offices=("gov_clerk", "clerk"),
        where={"agreed": True},
    ),
    Route(
        "retention.confirm",
        Audience.OFFICES,
        "erasure_declined",
        offices=("gov_clerk", "clerk"),
        where={"agreed": False},
    ),
    # the county
    Route("oversight.guide", Audience.OFFICES, "guided", page=SAID, offices=("chair", "clerk", "presidium")),
    Route("oversight.circular", Audience.OFFICES, "circulated", page=SAID, offices=(*DESKS, "presidium")),
    Route("oversight.training", Audience.OFFICES, "training", page=SAID, offices=(*DESKS, "presidium")),
    Route("oversight.model", Audience.OFFICES, "model_offered", page="years", offices=("chair", "clerk")),
    Route("oversight.sample", Audience.OFFICES, "sampled", LOW, page=DRAWN, offices=("chair", "clerk")),
    Route("oversight.sampled", Audience.OFFICES, "sampled", LOW, page=DRAWN, offices=("chair", "clerk")),
    # Whoever answers for the system, and whoever reads the figures.
    Route("oversight.repair", Audience.ABOVE, "repaired", offices=("admin", "county")),
    Route("oversight.repair", Audience.OFFICES, "repaired", offices=("admin",)),
    Route("unit.rename", Audience.OFFICES, "unit_changed", offices=(*DESKS, "presidium", "party", *CONGRESS)),
    Route(
        "unit.to_subdistrict",
        Audience.OFFICES,
        "unit_changed",
        offices=(*DESKS, "presidium", "party", *CONGRESS),
    ),
    Route("unit.merge", Audience.OFFICES, "unit_changed", offices=(*DESKS, *CONGRESS)),
    Route(
        "unit.take_in", Audience.OFFICES, "unit_changed", offices=(*DESKS, "presidium", "party", *CONGRESS)
    ),
    Route("task.take_over", Audience.ASKED, "handed_over"),
    Route("note.answer", Audience.ABOVE, "note_answered", page="county_notes#note", offices=("county",)),
    # whatever opened a task
    Route("*", Audience.NEXT, "opened"),
)

# Acts without a row of their own, by why nobody is written to of the act itself. A step that is always followed by
# another is not here: whose turn it is next is told by the last row. Nor is a record's arrow: the act that moves it is.
UNTOLD: Mapping[str, tuple[str, ...]] = {
    "an entry written beside it has a row": (
        "collection.receive",
        "collection.complete_proposal",
        "selection.answer",
        "selection.answer_again",
        "selection.tell",
        "selection.sign",
        "cycles.move_session",
        "deliberation.move_session",
        "voting.tell_proposers",
        "voting.tell_left",
        "supervision.decide_change",
        "supervision.declare_change",
        "supervision.announce_change",
        "supervision.announce_undo",
        "oversight.circulate",
        "oversight.send_bulletin",
        "oversight.train",
        "oversight.offer_model",
        "oversight.draw",
        "oversight.note_reply",
        "oversight.rename",
        "oversight.make_subdistrict",
        "oversight.merge",
        "lifecycle.end_year",
    ),
    "it puts a task before whom it concerns, or ends in an act that does": (
        "meeting.hold",
        "lifecycle.start_year",
        "cycle.create",
        "collection.propose",
        "collection.take_up",
        "proposal.submit",
        "selection.object",
        "deliberation.ask",
        "deliberation.withdraw",
        "deliberation.cosign",
        "voting.recount",
        "voting.void",
        "voting.announce",
        "voting.turn_to_paper",
        "voting.replace_teller",
        "evaluation.measure_replace_teller",
        "supervision.change_replace_teller",
        "voting.release_holder",
        "evaluation.measure_release_holder",
        "vote.release_holder",
        "vote.reject_tally",
        "supervision.groups",
        "supervision.ask_change",
        "supervision.classify_change",
        "supervision.receive_audit",
        "supervision.audit",
        "supervision.inspect",
        "supervision.progress",
        "supervision.agree_acceptance",
        "supervision.cosign",
        "supervision.change_turn_to_paper",
        "supervision.change_release_holder",
        "supervision.change_recount",
        "supervision.change_void",
        "change.ask",
        "finding.raise",
        "inquiry.ask",
        "interpellation.table",
        "project.ask_progress",
        "evaluation.ask",
        "evaluation.measure_turn_to_paper",
        "evaluation.measure_recount",
        "evaluation.measure_void",
        "evaluation.archive",
        "oversight.note",
        "retention.request",
    ),
    "whom it concerns is in the hall, or hears it announced there": (
        "cycles.record_election",
        "deliberation.roll_change",
        "deliberation.reply",
        "deliberation.consent_withdraw",
        "voting.arrive",
        "voting.hand_paper",
        "voting.declare_method",
        "supervision.change_arrive",
        "supervision.change_hand_paper",
        "evaluation.measure_arrive",
        "evaluation.measure_hand_paper",
        "vote.to_paper",
        "vote.print_codes",
        "vote.ask_for_codes",
        "vote.follow_roll",
        "supervision.session_roll",
        "supervision.open_session",
        "supervision.close_session",
        "supervision.adopt_tellers",
        "supervision.answer_interpellation",
        "supervision.department_interpellation",
        "supervision.ratify_change",
    ),
    "one desk's own work, which asks for nobody else": (
        "selection.bring_back",
        "selection.edit_item",
        "selection.score",
        "selection.unmerge",
        "item.dissolve",
        "ballots.print",
        "ballots.keep_scan",
        "vote.define",
        "vote.hold_key",
        "vote.make_keys",
        "vote.print_recovery_sheet",
        "vote.open_box",
        "vote.export_box",
        "session.fix",
        "project.found",
        "trail.export",
        "trail.download",
        "trail.cancel_export",
        "trail.export_failed",
        "trail.key",
        "trail.keep",
        "backup.make",
        "backup.drill",
        "log.restored",
        "demo.begin",
        "demo.finish",
        "record.read",
        "record.export",
        "letters.address",
        "letters.forget",
        "letters.send_again",
        "letters.reword",
        "letters.restore_wording",
        "oversight.weigh",
        "oversight.load_boundaries",
        "oversight.draft_bulletin",
        "oversight.edit_bulletin",
        "oversight.compose_model",
        "oversight.revise_model",
        "personal.read",
    ),
    "it is kept in the file, where those who watch the year read it": (
        "selection.objection",
        "deliberation.confirm_materials",
        "deliberation.visit",
        "voting.opinions_reply",
        "supervision.contract",
        "supervision.further_line",
        "supervision.settlement",
        "supervision.pay",
        "supervision.recheck",
        "supervision.accept_answer",
        "supervision.red_light",
        "evaluation.rate",
        "evaluation.review",
        "evaluation.residents",
        "evaluation.conclude_reviews",
        "evaluation.carry_over",
        "evaluation.look_back",
        "evaluation.addendum",
        "archive.make",
        "archive.add",
        "archive.download",
        "change.effect",
        "change.undo",
        "deadline.settle",
        "row.add",
        "row.change",
        "row.remove",
        "oversight.look",
        "retention.hold",
        "retention.due_changed",
        "retention.lift",
    ),
    "it is valid for years opened later, whose opening shows it": (
        "cycles.revise_rules",
        "rulebook.adopt",
        "oversight.adopt_model",
    ),
    "the presidium speaks to whom it takes in, with the slip of a new account in hand": (
        "cycles.review_credentials",
        "supervision.invite",
        "supervision.regroup",
        "project.form_group",
        "grant.give",
        "people.import",
        "units.import",
    ),
    "whom it concerns reads it by the query code": ("retention.answer",),
    "the person did it, or stands at the keeper's desk": (
        "auth.sign_in",
        "auth.sign_out",
        "auth.password_change",
        "auth.first_password",
        "auth.second_factor",
        "calendar.make_link",
        "calendar.drop_link",
        "person.reset_password",
        "person.unlock",
        "person.drop_second_factor",
    ),
}


def routes_of(action: str, after: Mapping[str, Any]) -> Iterator[Route]:
    """The rows an entry goes by, the most telling first."""
    return (route for route in ROUTES if route.takes(action, after))
