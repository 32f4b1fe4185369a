"""The ballot engine: definition, box, count, reconciliation. Knows no project (rules.md §6)."""
