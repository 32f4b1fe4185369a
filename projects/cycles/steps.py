"""The six steps of the year (rules.md §1: 三个阶段六个环节), named here and nowhere else."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STEPS = {1: _("征集"), 2: _("初定"), 3: _("审议"), 4: _("票决"), 5: _("监督"), 6: _("评估")}
