"""The demonstration's receiver: takes what would go to WeCom, DingTalk, Feishu and the text-message gateway.

It reads the request as the service would, answers in the service's own words and keeps each letter as a line of
`letters/<channel>.jsonl` in the data folder, without the address it was sent to. Tests use the same answers.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from notifications.models import Channel
from notifications.sealing import masked

SERVICES = {
    "qyapi.weixin.qq.com": Channel.WECOM,
    "oapi.dingtalk.com": Channel.DINGTALK,
    "open.feishu.cn": Channel.FEISHU,
    "sms.example": Channel.SMS,
}
MOST_BYTES = {Channel.WECOM: 2048, Channel.DINGTALK: 20_000, Channel.FEISHU: 20_000, Channel.SMS: 1000}
TAKEN: dict[str, dict[str, Any]] = {
    Channel.WECOM: {"errcode": 0, "errmsg": "ok"},
    Channel.DINGTALK: {"errcode": 0, "errmsg": "ok"},
    Channel.FEISHU: {"code": 0, "msg": "success", "data": {}},
    Channel.SMS: {"code": 0},
}
REFUSED: dict[str, dict[str, Any]] = {
    Channel.WECOM: {"errcode": 40008, "errmsg": "invalid message type"},
    Channel.DINGTALK: {"errcode": 310000, "errmsg": "sign not match"},
    Channel.FEISHU: {"code": 9499, "msg": "Bad Request", "data": {}},
    Channel.SMS: {"code": 400},
}


@dataclass(frozen=True)
class Received:
    """One letter that arrived here. to: the last characters of the address."""

    channel: str
    at: datetime
    to: str
    text: str


def receive(url: str, params: Mapping[str, str], data: bytes | str) -> requests.Response:
    """What the service of an address would answer; a letter it would take is kept."""
    asked = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(asked.query).items()} | dict(params)
    status, answer = answered(SERVICES[asked.netloc], asked.path, query, data)
    response = requests.Response()
    response.status_code, response._content = status, json.dumps(answer).encode()
    return response


def answered(
    channel: str, path: str, query: Mapping[str, str], data: bytes | str
) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer. Refused as the service refuses: no address, another payload, too long, unsigned."""
    token, text = _address(channel, path, query, data), _text(channel, data)
    long = len(text.encode()) > MOST_BYTES[Channel(channel)]
    if not token or not text or long or not _signed(query):
        return 200, REFUSED[channel]
    _keep(channel, token, text)
    return 200, TAKEN[channel]


def received(most: int) -> list[Received]:
    """The letters that arrived last, newest first."""
    found = [letter for path in _folder().glob("*.jsonl") for letter in _read(path)]
    return sorted(found, key=lambda letter: letter.at, reverse=True)[:most]


def _address(channel: str, path: str, query: Mapping[str, str], data: bytes | str) -> str:
    if channel == Channel.WECOM:
        return query.get("key", "")
    if channel == Channel.DINGTALK:
        return query.get("access_token", "")
    if channel == Channel.SMS:
        return str(_payload(data).get("to", ""))
    return path.strip("/").rpartition("/")[2]


def _payload(data: bytes | str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(channel: str, data: bytes | str) -> str:
    """The words of a text message in the service's own payload; empty for any other."""
    payload = _payload(data)
    try:
        if channel == Channel.FEISHU:
            return str(payload["content"]["text"]) if payload["msg_type"] == "text" else ""
        if channel == Channel.SMS:
            return str(payload["text"])
        return str(payload["text"]["content"]) if payload["msgtype"] == "text" else ""
    except (KeyError, TypeError):
        return ""


def _signed(query: Mapping[str, str]) -> bool:
    """A signature that is there is 32 bytes in base64 beside a time, as DingTalk reads it."""
    if "sign" not in query:
        return True
    try:
        return len(base64.b64decode(query["sign"], validate=True)) == 32 and query["timestamp"].isdigit()
    except (binascii.Error, KeyError):
        return False


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "letters"


def _keep(channel: str, token: str, text: str) -> None:
    kept = {"at": timezone.now().isoformat(), "to": masked(token), "text": text}
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{channel}.jsonl").open("a") as file:
        file.write(json.dumps(kept, ensure_ascii=False) + "\n")


def _read(path: Path) -> Iterator[Received]:
    for row in path.read_text().splitlines():
        kept = json.loads(row)
        yield Received(path.stem, parse_datetime(kept["at"]) or timezone.now(), kept["to"], kept["text"])
