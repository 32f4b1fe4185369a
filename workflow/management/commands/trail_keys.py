"""``manage.py trail_keys``: the keys the trail's heads are signed with, and putting a new one in use."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflow.administration.conf import operator
from workflow.audit.heads import keys_told
from workflow.audit.signing import COSIGN, HEAD, NoKey, adopt, configured, renew
from workflow.people.isolation import SYSTEM, within

NOT_USABLE = 2


class Command(BaseCommand):
    help = (
        "列出办理记录的签名公钥（编号、用途、公钥、启用和停用时间）。--renew 生成新的密钥文件并登记启用；"
        "--adopt 登记环境变量或文件里已换好的密钥。更换记入县级办理记录，停用的公钥继续保留，用于核验以往的签名。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--purpose", choices=[HEAD, COSIGN], default=HEAD, help="head：签名；cosign：县级签名"
        )
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--renew", action="store_true", help="生成新密钥并启用")
        change.add_argument("--adopt", action="store_true", help="启用已配置的密钥")
        parser.add_argument("--reason", default="", help="更换原因（更换时必填）")

    def handle(self, *args: Any, purpose: str, renew: bool, adopt: bool, reason: str, **options: Any) -> None:
        if renew or adopt:
            self._change(purpose, made=renew, reason=reason.strip())
        with within(SYSTEM):
            for key in keys_told():
                until = key["until"] or "使用中"
                self.stdout.write("\t".join((key["id"], key["purpose"], key["public"], key["since"], until)))

    def _change(self, purpose: str, *, made: bool, reason: str) -> None:
        if not reason:
            raise CommandError("请用 --reason 写明更换原因。", returncode=NOT_USABLE)
        try:
            signer = renew(purpose) if made else configured(purpose)
            if signer is None:
                raise CommandError("没有配置这一用途的签名密钥。", returncode=NOT_USABLE)
            with within(SYSTEM):
                adopt(purpose, signer, at=timezone.now(), operator=operator(), reason=reason)
        except NoKey as refused:
            raise CommandError(str(refused), returncode=NOT_USABLE) from refused
