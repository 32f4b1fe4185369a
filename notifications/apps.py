"""The post office: reads the trail, writes letters."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("通知")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from notifications.channels import email
        from notifications.selectors import unread_letters
        from notifications.titles import TITLES
        from notifications.waking import wake
        from workflow.administration.invitations import carried_by
        from workflow.audit.hooks import on_growth
        from workflow.inbox.story import call_acts
        from workflow.inbox.unread import count_messages_of

        call_acts(TITLES)
        count_messages_of(unread_letters)
        on_growth(wake)
        carried_by(email.offered)
