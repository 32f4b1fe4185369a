"""Making many tables in one step of a migration."""

from __future__ import annotations

from typing import Any

from django.db import migrations


class Tables(migrations.operations.base.Operation):
    """Operations that make new tables and complete them, carried out as one.

    One by one, Django builds every model that is related to a new one anew, and all of ours are related through their
    unit: the time grows with the square of the tables. Here all are told to the state first and built once; a table is
    then made with every field, index and constraint it has by the end.
    """

    reversible = True

    def __init__(self, operations: list[Any]) -> None:
        self.operations = operations

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.operations], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for operation in self._made():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for operation in reversed(self._made()):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def _made(self) -> list[Any]:
        return [operation for operation in self.operations if isinstance(operation, migrations.CreateModel)]

    def describe(self) -> str:
        return f"{len(self.operations)} operations that make tables"
