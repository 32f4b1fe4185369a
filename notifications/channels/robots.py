"""Letters to the robots of WeCom, DingTalk and Feishu, through the plug-ins of apprise."""

from __future__ import annotations

import base64
import importlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from notifications.channels.errors import NotDelivered
from notifications.channels.text import whole, within_bytes
from notifications.channels.transport import judge, line
from notifications.models import Channel, Delivery, Status

# A plug-in logs what it sends, address included.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Robot:
    """One kind of robot. plugin: module and class of apprise; argument: what the class calls the token.

    webhook: what the service's own page offers to copy, with the token as its group; most_bytes: of one message.
    """

    NAME: str
    plugin: str
    argument: str
    webhook: re.Pattern[str]
    most_bytes: int
    signs: bool = False
    STATUS_WHEN_WRITTEN: str = str(Status.QUEUED.value)
    needs_address: bool = True

    def offered(self) -> bool:
        """Robots need nothing of the installation: whoever has a webhook may enter it."""
        return True

    def address_from(self, given: str, secret: str = "") -> dict[str, str] | None:
        """The parts of an address from a pasted webhook or its bare token; None for what is neither."""
        found = self.webhook.fullmatch(given.strip())
        if found is None:
            return None
        token = unquote(found["token"])
        return {"token": token, "secret": secret.strip()} if secret.strip() else {"token": token}

    def deliver(self, delivery: Delivery, address: Mapping[str, str]) -> None:
        """Hand one letter to the robot: one request, and its answer read."""
        plugin = self._plugin(address)
        # `send`, not `notify`: the latter may cut one letter into several requests.
        plugin.send(within_bytes(whole(delivery), self.most_bytes))
        judge(line.outcome())

    def _plugin(self, address: Mapping[str, str]) -> Any:
        # Not at the top: only what sends needs apprise, and no page should wait for it.
        from apprise.exception import AppriseImproperlyConfigured

        name, _, kind = self.plugin.partition(":")
        module = importlib.import_module(f"apprise.plugins.{name}")
        module.requests = line  # type: ignore[attr-defined]
        parts = {self.argument: address["token"]} | (
            {"secret": address["secret"]} if "secret" in address else {}
        )
        try:
            made = getattr(module, kind)(**parts)
        except AppriseImproperlyConfigured as error:
            raise NotDelivered("address") from error
        if "secret" in address:
            made.get_signature = lambda sign=made.get_signature: _once_quoted(*sign())
        return made


def _once_quoted(timestamp: str, signature: str) -> tuple[str, str]:
    """apprise quotes the signature and `requests` quotes it again, which DingTalk answers with 310000."""
    bare = unquote(signature)
    base64.b64decode(bare, validate=True)
    return timestamp, bare


KEY = r"(?P<token>[A-Za-z0-9_%-]{8,200})"
WECOM = Robot(
    str(Channel.WECOM.value),
    "wecombot:NotifyWeComBot",
    "key",
    re.compile(rf"(?:https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=)?{KEY}"),
    2048,
)
DINGTALK = Robot(
    str(Channel.DINGTALK.value),
    "dingtalk:NotifyDingTalk",
    "token",
    re.compile(rf"(?:https://oapi\.dingtalk\.com/robot/send\?access_token=)?{KEY}"),
    15000,
    signs=True,
)
FEISHU = Robot(
    str(Channel.FEISHU.value),
    "feishu:NotifyFeishu",
    "token",
    re.compile(rf"(?:https://open\.feishu\.cn/open-apis/bot/v2/hook/)?{KEY}/?"),
    15000,
)
