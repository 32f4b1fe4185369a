"""What the operator says by environment variables, read once and typed.

Profiles: ``demo`` (the default: everything in one ignored folder), ``test``, and ``production``, which refuses to
start with one line for every setting that is missing or malformed.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from psycopg.conninfo import conninfo_to_dict

PROJECT = Path(__file__).resolve().parents[2]
PROFILES = ("demo", "production", "test")
DATABASE_ROLES = ("app", "owner")
CACHES = ("redis", "rediss")
BROKERS = (*CACHES, "amqp", "amqps")
OF_THIS_MACHINE = ("filesystem", "memory")
HOST = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
SHORTEST_SECRET = 50
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


SEVERAL_NEED_A_CACHE = "多于 1 个网站进程时，须设置 CACHE_URL，各进程才能共同限制提交次数。"


class Misconfigured(Exception):
    """The environment cannot be used; ``lines`` holds one complaint per setting."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Mail:
    """An SMTP server; ``tls`` starts in clear (STARTTLS), ``ssl`` is encrypted from the first byte."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ssl: bool = False
    sender: str = ""


@dataclass(frozen=True)
class Environment:
    """Every setting the operator may give; ``database`` and ``owner_database`` are empty for the embedded server."""

    profile: str
    var: Path
    secret_key: str = field(repr=False)
    database: dict[str, Any] = field(repr=False)
    owner_database: dict[str, Any] = field(repr=False)
    database_role: str
    broker: str = field(repr=False)
    cache: str = field(repr=False)
    mail: Mail | None
    allowed_hosts: list[str]
    trusted_origins: list[str]
    time_zone: str
    port: int
    workers: int
    threads: int
    proxies: int
    https: bool
    debug: bool
    group_commit: bool
    logo: str = ""
    sms: str = ""
    sms_token: str = field(default="", repr=False)
    receiver: str = ""
    trail_key: str = field(default="", repr=False)
    trail_key_file: str = ""
    county_key: str = field(default="", repr=False)
    county_key_file: str = ""
    backups: Path = PROJECT / "var" / "backups"
    backup_keep: tuple[int, int, int] = (7, 4, 12)
    tsa_url: str = ""
    tsa_ca_file: str = ""


def read(environ: Mapping[str, str]) -> Environment:
    """Read and check ``environ``; raise `Misconfigured` with every complaint at once."""
    return _Reader(environ).read()


def read_or_exit(environ: Mapping[str, str] = os.environ) -> Environment:
    """Read ``environ``, or end the process with the complaints on the error output and status 78 (EX_CONFIG)."""
    try:
        return read(environ)
    except Misconfigured as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(78)


def database_settings(url: str) -> dict[str, Any]:
    """Turn a libpq address into Django's settings of a database; raise ``ValueError`` for anything else."""
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise ValueError("not a PostgreSQL address")
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as wrong:
        raise ValueError(str(wrong)) from wrong
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    plain = {django: given.pop(libpq, "") for libpq, django in named.items()}
    if not plain["NAME"] or not plain["USER"]:
        raise ValueError("no database or no user")
    if not re.fullmatch(r"([0-9]+(,[0-9]*)*)?", plain["PORT"]):
        raise ValueError("no port")
    return {"ENGINE": "django.db.backends.postgresql", **plain, "OPTIONS": given}


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.complaints: list[str] = []
        self.profile = self._choice("PIAOJUE_PROFILE", PROFILES, "demo")
        self.strict = self.profile == "production"

    def read(self) -> Environment:
        var = Path(self._text("PIAOJUE_VAR") or PROJECT / "var").absolute()
        cache = self._cache()
        found = Environment(
            profile=self.profile,
            var=var,
            secret_key=self._secret(var),
            database=self._database("DATABASE_URL", required=self.strict),
            owner_database=self._database("DATABASE_OWNER_URL", required=self._owner_needed()),
            database_role=self._choice("PIAOJUE_DB_ROLE", DATABASE_ROLES, "app"),
            broker=self._broker(),
            cache=cache,
            mail=self._mail(),
            allowed_hosts=self._hosts(),
            trusted_origins=self._origins(),
            time_zone=self._time_zone(),
            port=self._number("PIAOJUE_PORT", 8000, 1, 65535),
            workers=self._workers(cache),
            threads=self._number("PIAOJUE_THREADS", 16, 1, 64),
            proxies=self._proxies(),
            https=self._switch("PIAOJUE_HTTPS", default=self.strict),
            debug=self._debug(),
            group_commit=self._switch("PIAOJUE_GROUP_COMMIT", default=True),
            logo=self._logo(),
            sms=self._sms(),
            sms_token=self._text("SMS_TOKEN"),
            receiver=self._receiver(),
            trail_key=self._signing_key("PIAOJUE_TRAIL_KEY"),
            trail_key_file=self._text("PIAOJUE_TRAIL_KEY_FILE"),
            county_key=self._signing_key("PIAOJUE_COUNTY_KEY"),
            county_key_file=self._text("PIAOJUE_COUNTY_KEY_FILE"),
            backups=Path(self._text("PIAOJUE_BACKUPS") or var / "backups").absolute(),
            backup_keep=self._keep(),
            tsa_url=self._tsa(),
            tsa_ca_file=self._text("PIAOJUE_TSA_CA_FILE"),
        )
        if self.strict and not found.trail_key and not found.trail_key_file:
            self._complain(
                "PIAOJUE_TRAIL_KEY_FILE",
                "未设置。请写明办理记录签名密钥文件的路径，或改设 PIAOJUE_TRAIL_KEY。",
            )
        self._two_roles(found)
        if self.complaints:
            raise Misconfigured(self.complaints)
        return found

    def _two_roles(self, found: Environment) -> None:
        """Whoever owns the tables may change and empty the trail, and what is shown to whom."""
        app, owner = found.database.get("USER"), found.owner_database.get("USER")
        if self.strict and app and app == owner:
            self._complain("DATABASE_OWNER_URL", "须与 DATABASE_URL 用不同的数据库角色。")

    def _text(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def _complain(self, name: str, why: str) -> None:
        self.complaints.append(f"{name}：{why}")

    def _required(self, name: str, why: str) -> str:
        text = self._text(name)
        if not text and self.strict:
            self._complain(name, f"未设置。{why}")
        return text

    def _list(self, text: str) -> list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        text = self._text(name) or default
        if text not in allowed:
            self._complain(name, f"应为 {'、'.join(allowed)} 之一，现为“{text}”。")
        return text

    def _number(self, name: str, default: int, least: int, most: int) -> int:
        text = self._text(name) or str(default)
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            self._complain(name, f"应为 {least} 至 {most} 的整数，现为“{text}”。")
            return default
        return int(text)

    def _switch(self, name: str, *, default: bool) -> bool:
        return self._choice(name, ("0", "1"), str(int(default))) == "1"

    def _proxies(self) -> int:
        """How many proxies stand before the site. It speaks no TLS itself, so https means that there is one."""
        behind = self.strict and self._text("PIAOJUE_HTTPS") != "0"
        found = self._number("PIAOJUE_PROXIES", int(behind), 0, 9)
        if behind and not found:
            self._complain(
                "PIAOJUE_PROXIES",
                "https 由站前的代理提供，至少为 1；没有代理、不用 https 的，设 PIAOJUE_HTTPS=0。",
            )
        return found

    def _debug(self) -> bool:
        debug = self._switch("PIAOJUE_DEBUG", default=False)
        if debug and self.strict:
            self._complain("PIAOJUE_DEBUG", "正式环境不得打开调试。")
        return debug

    def _secret(self, var: Path) -> str:
        text = self._required("SECRET_KEY", "请给出至少 50 个字符的随机密钥。")
        if self.strict and text and (len(text) < SHORTEST_SECRET or len(set(text)) < 5):
            self._complain("SECRET_KEY", "太短或太简单，至少 50 个随机字符。")
        if text or self.strict:
            return text
        return "test-only-" * 6 if self.profile == "test" else _kept_secret(var / "secret-key")

    def _owner_needed(self) -> bool:
        return self._text("PIAOJUE_DB_ROLE") == "owner" and bool(self.strict or self._text("DATABASE_URL"))

    def _database(self, name: str, *, required: bool) -> dict[str, Any]:
        text = self._text(name)
        if not text:
            if required:
                self._complain(name, "未设置。格式：postgresql://用户:密码@主机:5432/数据库")
            return {}
        try:
            return database_settings(text)
        except ValueError:
            self._complain(name, "格式不对，应为 postgresql://用户:密码@主机:5432/数据库")
            return {}

    def _broker(self) -> str:
        text = self._required(
            "CELERY_BROKER_URL", "格式：redis://主机:6379/0 或 amqp://用户:密码@主机:5672//"
        )
        if text and not _is_server(text, BROKERS) and _parts(text).scheme not in OF_THIS_MACHINE:
            self._complain(
                "CELERY_BROKER_URL", "格式不对，应为 redis://主机:6379/0 或 amqp://用户:密码@主机:5672//"
            )
        elif self.strict and _parts(text).scheme == "memory":
            self._complain("CELERY_BROKER_URL", "正式环境不得用 memory://，网站和后台任务是不同的进程。")
        return text

    def _workers(self, cache: str) -> int:
        """How many processes answer: several only where they can tell each other what came to which of them."""
        several = self.strict and bool(cache)
        found = self._number("PIAOJUE_WORKERS", min(os.cpu_count() or 1, 4) if several else 1, 1, 64)
        if self.strict and found > 1 and not cache:
            self._complain("PIAOJUE_WORKERS", SEVERAL_NEED_A_CACHE)
        return found

    def _cache(self) -> str:
        text = self._text("CACHE_URL")
        if text and not _is_server(text, CACHES):
            self._complain("CACHE_URL", "格式不对，应为 redis://主机:6379/1")
        return text

    def _mail(self) -> Mail | None:
        text = self._text("EMAIL_URL")
        if not text:
            return None
        try:
            return _mail(text, self._text("EMAIL_FROM"))
        except ValueError:
            self._complain(
                "EMAIL_URL", "格式不对，应为 smtp+tls://用户:密码@主机:587 或 smtps://用户:密码@主机:465"
            )
            return None

    def _hosts(self) -> list[str]:
        hosts = self._list(self._required("ALLOWED_HOSTS", "请列出本站的域名，以英文逗号分隔。"))
        if self.strict and "*" in hosts:
            self._complain("ALLOWED_HOSTS", "正式环境不得为 *。")
        elif wrong := [host for host in hosts if host != "*" and not HOST.fullmatch(host)]:
            self._complain("ALLOWED_HOSTS", f"“{wrong[0]}”应只写域名，不带协议、端口和路径。")
        return hosts or ["localhost", "127.0.0.1", "[::1]", "testserver"]

    def _origins(self) -> list[str]:
        origins = self._list(self._text("TRUSTED_ORIGINS"))
        for origin in origins:
            parts = _parts(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
                self._complain("TRUSTED_ORIGINS", f"“{origin}”应为 https://域名 的形式。")
        return origins

    def _signing_key(self, name: str) -> str:
        """The 32 secret bytes of an Ed25519 key in hexadecimal; empty where a file holds them."""
        text = self._text(name)
        if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            self._complain(name, "格式不对，应为 64 位十六进制数。")
            return ""
        return text.lower()

    def _logo(self) -> str:
        """A path of this site: pages load pictures from their own address alone (CSP)."""
        path = self._text("SITE_LOGO_URL")
        if path and (not path.startswith("/") or path.startswith("//")):
            self._complain("SITE_LOGO_URL", "应为本站的路径，例如 /logo.svg。")
        return path

    def _sms(self) -> str:
        url = self._text("SMS_URL")
        if url and (_parts(url).scheme != "https" or not _parts(url).netloc):
            self._complain("SMS_URL", "格式不对，应为短信网关的 https:// 地址。")
        return url

    def _keep(self) -> tuple[int, int, int]:
        """How many backups are kept: of days, of weeks, of months."""
        parts = (self._text("PIAOJUE_BACKUP_KEEP") or "7,4,12").split(",")
        if (
            len(parts) != 3
            or not all(re.fullmatch(r" *[0-9]{1,3} *", part) for part in parts)
            or not int(parts[0])
        ):
            self._complain(
                "PIAOJUE_BACKUP_KEEP", "应为每日、每周、每月各保留几份，例如 7,4,12；每日至少 1 份。"
            )
            return (7, 4, 12)
        return (int(parts[0]), int(parts[1]), int(parts[2]))

    def _tsa(self) -> str:
        """A time-stamp server's address; many speak http alone, and what they answer is signed."""
        url = self._text("PIAOJUE_TSA_URL")
        parts = _parts(url)
        if url and (parts.scheme not in ("http", "https") or not parts.netloc):
            self._complain("PIAOJUE_TSA_URL", "应为时间戳服务器（RFC 3161）的 http:// 或 https:// 地址。")
        elif "@" in parts.netloc:
            self._complain("PIAOJUE_TSA_URL", "地址中不得写用户名、密码。")
        return url

    def _receiver(self) -> str:
        """Where letters to services outside go instead: "file" or an address; in production nowhere but out."""
        given = self._text("LETTERS_RECEIVER") or ("" if self.strict else "file")
        if given and self.strict:
            self._complain("LETTERS_RECEIVER", "演示接收端不得用于正式环境。")
        elif given not in ("", "file") and _parts(given).scheme != "http":
            self._complain("LETTERS_RECEIVER", "应为 file，或者本机接收端的 http:// 地址。")
        return given

    def _time_zone(self) -> str:
        name = self._text("TIME_ZONE") or "Asia/Shanghai"
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            self._complain("TIME_ZONE", f"没有名为“{name}”的时区，例如 Asia/Shanghai。")
        return name


def _parts(url: str) -> SplitResult:
    """An address in its parts; what is none has neither scheme nor host."""
    try:
        found = urlsplit(url)
        return found if found.port != 0 else urlsplit("")
    except ValueError:
        return urlsplit("")


def _is_server(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether an address names a server of one of these kinds."""
    parts = _parts(url)
    return parts.scheme in schemes and bool(parts.hostname)


def _mail(url: str, sender: str) -> Mail:
    parts = urlsplit(url)
    if parts.scheme not in MAIL_PORTS or not parts.hostname:
        raise ValueError(url)
    user = unquote(parts.username or "")
    return Mail(
        host=parts.hostname,
        port=parts.port or MAIL_PORTS[parts.scheme],
        user=user,
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtp+tls",
        ssl=parts.scheme == "smtps",
        sender=sender or parse_qs(parts.query).get("from", [user])[0],
    )


def _kept_secret(path: Path) -> str:
    """Return the demo's own secret key, made at its first start and readable by nobody else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(64))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()
