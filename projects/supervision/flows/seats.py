"""At which unit a step of step 5 is done, and what its flow is about."""

from __future__ import annotations

from typing import Any, cast

from projects.supervision.models import Inquiry, Interpellation, Project
from workflow.people.models import Unit


def department_of(project: Project, item: dict[str, Any]) -> Unit:
    return cast(Unit, project.department)  # named at the hand-over, before any task of a project


def group_of(project: Project, item: dict[str, Any]) -> Unit:
    return cast(Unit, project.group)  # founded before its first task


def subject_of(activation: Any) -> Any:
    return activation.process.artifact


def to_a_department(activation: Any) -> bool:
    return subject_of(activation).department_id is not None


def asked_unit(asked: Inquiry | Interpellation, item: dict[str, Any]) -> Unit:
    return cast(Unit, asked.department)  # the gate sends no other this way
