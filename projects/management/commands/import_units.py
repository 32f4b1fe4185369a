"""``manage.py import_units``: the tree of units from a workbook."""

from __future__ import annotations

from projects.management.importing import ImportCommand
from workflow.administration.imports import UNITS


class Command(ImportCommand):
    help = "从 Excel 导入单位（编码、名称、类别、上级编码）。有一行不对，全部不导入。"
    kind = UNITS
