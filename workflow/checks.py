"""System checks: what no flow, machine or table of this project may be."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from viewflow.workflow.base import Flow
from viewflow.workflow.lock import SelectForUpdateLock
from viewflow.workflow.nodes import View

from workflow.audit.signing import COSIGN, HEAD, NoKey, configured
from workflow.machines.graph import machines, unlabelled_states
from workflow.people.isolation import powers_of_the_role, unprotected_tables
from workflow.roles import registry


def _subclasses(cls: Any) -> list[Any]:
    """Every subclass that belongs to an installed application."""
    found = [s for child in cls.__subclasses__() for s in (child, *_subclasses(child))]
    return [s for s in found if apps.get_containing_app_config(f"{s.__module__}.{s.__name__}")]


@register()
def flows_hold_the_lock(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A flow without the row lock lets two people complete one task."""
    return [
        Error(f"{flow.__module__}.{flow.__name__} runs without the process lock.", id="workflow.E001")
        for flow in _subclasses(Flow)
        if flow._nodes_by_name and not isinstance(flow.lock_impl, SelectForUpdateLock)
    ]


@register()
def human_steps_name_an_office(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A task without an office would stand in everyone's queue."""
    known = {office.code for office in registry.offices()}
    return [
        Error(f"{flow.__name__}.{node.name} names no registered office.", id="workflow.E002")
        for flow in _subclasses(Flow)
        for node in flow._nodes_by_name.values()
        if isinstance(node, View) and getattr(node, "office", None) not in known
    ]


@register()
def states_have_labels(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A state without a Chinese label would reach a page as code."""
    return [
        Error(f"{model.__name__} has states without a label: {sorted(missing)}.", id="workflow.E003")
        for model in machines()
        if (missing := unlabelled_states(model))
    ]


@register(Tags.database)
def tables_are_isolated(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A table without a forced policy would show one township to another; why one needs none is said beside it (OPEN)."""
    if not databases:
        return []
    return [
        Error(f"Table {table} has no forced row-level policy and no reason for it.", id="workflow.E004")
        for table in unprotected_tables()
    ]


@register(Tags.database, deploy=True)
def the_role_is_bound_by_the_policies(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """Who may pass by row-level security, or owns the tables, shows one township to another and rewrites the trail."""
    if not databases:
        return []
    return [
        Error(
            f"The run-time database role {power}.",
            hint="Make the two roles as docs/deploy/postgres.sql does; DATABASE_URL names the one that owns nothing.",
            id="workflow.E005",
        )
        for power in powers_of_the_role()
    ]


@register(Tags.security, deploy=True)
def the_trail_can_be_signed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A key that cannot be read would be missed at the first head, long after the start."""
    found: list[CheckMessage] = []
    for purpose in (HEAD, COSIGN):
        try:
            configured(purpose)
        except NoKey as error:
            found.append(Error(str(error), id="workflow.E006"))
    return found
