"""What a password must be, where the framework does not say it in Chinese."""

from __future__ import annotations

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _


class LongEnough(MinimumLengthValidator):
    """Django's own rule; of its refusal Django's Chinese catalogue has another wording than its code, and shows English."""

    def get_error_message(self) -> str:
        return _("密码太短，至少 %(n)s 个字符。") % {"n": self.min_length}
