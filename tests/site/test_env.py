"""What the operator says, and what is answered when it cannot be used."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from projects.site.env import PROJECT, Environment, Misconfigured, database_settings, read

SECRET = "k8Jq2-vTz_7Wm4Rb9Yc1Nd6Xs3Pf5Lh0Ga-QeUiOoAaZzEeRrTtYy"
PRODUCTION = {
    "PIAOJUE_PROFILE": "production",
    "SECRET_KEY": SECRET,
    "DATABASE_URL": "postgresql://app:pw@db.example.cn:5433/piaojue",
    "CELERY_BROKER_URL": "redis://broker:6379/0",
    "ALLOWED_HOSTS": "piaojue.example.cn, www.example.cn",
    "PIAOJUE_TRAIL_KEY_FILE": "/etc/piaojue/trail-key",
}


def production(**changes: str) -> Environment:
    return read({**PRODUCTION, **changes})


def complaints(environ: dict[str, str]) -> list[str]:
    with pytest.raises(Misconfigured) as refusal:
        read(environ)
    return refusal.value.lines


def test_a_complete_production_environment_is_read() -> None:
    found = production(EMAIL_URL="smtp+tls://post%40example.cn:p%2Fw@mail.example.cn?from=rd@example.cn")
    assert found.allowed_hosts == ["piaojue.example.cn", "www.example.cn"]
    assert found.database["HOST"] == "db.example.cn"
    assert found.database["PORT"] == "5433"
    assert found.time_zone == "Asia/Shanghai"
    assert found.https and not found.debug
    assert found.mail is not None
    assert (found.mail.user, found.mail.password, found.mail.port) == ("post@example.cn", "p/w", 587)
    assert (found.mail.tls, found.mail.ssl, found.mail.sender) == (True, False, "rd@example.cn")


def test_an_empty_production_environment_names_every_missing_setting_once() -> None:
    lines = complaints({"PIAOJUE_PROFILE": "production"})
    assert [line.split("：")[0] for line in lines] == [
        "SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "ALLOWED_HOSTS", "PIAOJUE_TRAIL_KEY_FILE",
    ]  # fmt: skip
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "ab" * 40),
        ("DATABASE_URL", "mysql://a:b@h/d"),
        ("DATABASE_URL", "postgresql://h"),
        ("DATABASE_URL", "postgresql://u:p@h:port/d?nonsense=1"),
        ("DATABASE_OWNER_URL", "sqlite:///x"),
        ("DATABASE_URL", "postgresql://u:p@h:port/d"),
        ("DATABASE_OWNER_URL", "postgresql://app:other@db.example.cn:5433/piaojue"),
        ("CELERY_BROKER_URL", "http://broker"),
        ("CELERY_BROKER_URL", "redis:/broker"),
        ("CELERY_BROKER_URL", "amqp://u:p@broker:port//"),
        ("CELERY_BROKER_URL", "memory://"),
        ("CELERY_BROKER_URL", "redis://[::1"),
        ("CACHE_URL", "redis://"),
        ("CACHE_URL", "memcached://x"),
        ("EMAIL_URL", "mailto:x"),
        ("EMAIL_URL", "smtp://host:notaport"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "https://piaojue.example.cn"),
        ("ALLOWED_HOSTS", "piaojue.example.cn:443"),
        ("TRUSTED_ORIGINS", "example.cn"),
        ("TRUSTED_ORIGINS", "https://example.cn/path"),
        ("TRUSTED_ORIGINS", "https://[::1"),
        ("SMS_URL", "http://sms.example.cn/send"),
        ("SMS_URL", "短信网关"),
        ("LETTERS_RECEIVER", "file"),
        ("LETTERS_RECEIVER", "http://127.0.0.1:9000"),
        ("SITE_LOGO_URL", "https://example.cn/logo.svg"),
        ("SITE_LOGO_URL", "//example.cn/logo.svg"),
        ("PIAOJUE_TRAIL_KEY", "zz" * 32),
        ("PIAOJUE_COUNTY_KEY", "ab" * 31),
        ("PIAOJUE_TSA_URL", "tsa.example.cn"),
        ("PIAOJUE_TSA_URL", "https://user:geheim@tsa.example.cn/"),
        ("PIAOJUE_BACKUP_KEEP", "7"),
        ("PIAOJUE_BACKUP_KEEP", "0,4,12"),
        ("PIAOJUE_BACKUP_KEEP", "seven,4,12"),
        ("TIME_ZONE", "Asia/Atlantis"),
        ("TIME_ZONE", "../etc/passwd"),
        ("PIAOJUE_PORT", "0"),
        ("PIAOJUE_PORT", "八千"),
        ("PIAOJUE_PORT", "70000"),
        ("PIAOJUE_PROXIES", "-1"),
        ("PIAOJUE_PROXIES", "0"),
        ("PIAOJUE_WORKERS", "0"),
        ("PIAOJUE_WORKERS", "2"),
        ("PIAOJUE_THREADS", "many"),
        ("PIAOJUE_GROUP_COMMIT", "2"),
        ("PIAOJUE_DEBUG", "1"),
        ("PIAOJUE_DEBUG", "yes"),
        ("PIAOJUE_HTTPS", "maybe"),
        ("PIAOJUE_DB_ROLE", "superuser"),
    ],
)
def test_a_malformed_setting_is_refused_by_its_own_name(name: str, value: str) -> None:
    assert [line.split("：")[0] for line in complaints({**PRODUCTION, name: value})] == [name]


def test_a_site_with_https_stands_behind_a_proxy_and_believes_it() -> None:
    assert production().proxies == 1
    plain = production(PIAOJUE_HTTPS="0", ALLOWED_HOSTS="10.0.0.5,[::1],.example.cn")
    assert (plain.proxies, plain.https) == (0, False)
    assert read({"PIAOJUE_PROFILE": "test"}).proxies == 0


def test_several_processes_answer_only_where_they_share_what_they_count() -> None:
    assert production().workers == 1
    several = production(CACHE_URL="redis://cache.example.cn:6379/1", PIAOJUE_WORKERS="3")
    assert several.workers == 3


def test_backups_and_time_stamps_are_set_by_the_environment() -> None:
    found = production()
    assert (found.backup_keep, found.backups, found.tsa_url) == ((7, 4, 12), found.var / "backups", "")
    found = production(
        PIAOJUE_BACKUPS="/srv/backups",
        PIAOJUE_BACKUP_KEEP="14, 0, 3",
        PIAOJUE_TSA_URL="http://tsa.example.cn/",
    )
    assert (found.backup_keep, found.backups) == ((14, 0, 3), Path("/srv/backups"))
    assert found.tsa_url == "http://tsa.example.cn/"


def test_letters_leave_the_house_in_production_alone() -> None:
    found = production(SMS_URL="https://sms.example.cn/send", SMS_TOKEN="secret")
    assert (found.receiver, found.sms, found.sms_token) == ("", "https://sms.example.cn/send", "secret")
    assert "secret" not in repr(found)
    assert read({"PIAOJUE_PROFILE": "test"}).receiver == "file"
    assert read({"PIAOJUE_PROFILE": "test", "LETTERS_RECEIVER": "http://127.0.0.1:9"}).receiver.endswith(":9")
    wrong = complaints({"PIAOJUE_PROFILE": "test", "LETTERS_RECEIVER": "https://elsewhere.example"})
    assert [line.split("：")[0] for line in wrong] == ["LETTERS_RECEIVER"]


def test_an_unknown_profile_is_refused() -> None:
    assert complaints({"PIAOJUE_PROFILE": "staging"})[0].startswith("PIAOJUE_PROFILE：")


def test_migrations_in_production_need_the_owners_address() -> None:
    assert complaints({**PRODUCTION, "PIAOJUE_DB_ROLE": "owner"})[0].startswith("DATABASE_OWNER_URL：")
    found = production(PIAOJUE_DB_ROLE="owner", DATABASE_OWNER_URL="postgresql://owner:pw@db/piaojue")
    assert found.owner_database["USER"] == "owner"


def test_no_complaint_repeats_a_secret() -> None:
    told = "".join(
        complaints({
            **PRODUCTION, "DATABASE_URL": "mysql://u:hidden1@h/d", "EMAIL_URL": "mail://u:hidden2@h",
            "CELERY_BROKER_URL": "http://u:hidden3@h", "SECRET_KEY": "hidden4",
        })
    )  # fmt: skip
    assert "hidden" not in told
    assert SECRET not in repr(production())


def test_the_demo_makes_its_own_secret_and_keeps_it(tmp_path: Path) -> None:
    first = read({"PIAOJUE_VAR": str(tmp_path / "var")})
    again = read({"PIAOJUE_VAR": str(tmp_path / "var")})
    assert len(first.secret_key) >= 50
    assert first.secret_key == again.secret_key
    assert stat.S_IMODE((tmp_path / "var" / "secret-key").stat().st_mode) == 0o600
    assert first.database == {}
    assert first.allowed_hosts


def test_a_socket_address_is_understood() -> None:
    found = database_settings("postgresql://piaojue_app@/piaojue?host=/srv/run&sslmode=disable")
    assert found["HOST"] == "/srv/run"
    assert found["OPTIONS"] == {"sslmode": "disable"}


@pytest.mark.parametrize("command", ["check", "migrate"])
def test_a_broken_environment_ends_the_process_with_lines_and_no_traceback(command: str) -> None:
    environ = {"PATH": os.environ["PATH"], "PIAOJUE_PROFILE": "production", "ALLOWED_HOSTS": "a.cn"}
    done = subprocess.run(
        [sys.executable, "manage.py", command], cwd=PROJECT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 78
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("SECRET_KEY：")
    assert len(done.stderr.splitlines()) == (5 if command == "migrate" else 4)


def test_production_settings_pass_djangos_deployment_check(tmp_path: Path) -> None:
    key = tmp_path / "trail-key"
    key.touch(mode=0o600)
    key.write_text("ab" * 32)
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT, env={"PATH": os.environ["PATH"], **PRODUCTION, "PIAOJUE_TRAIL_KEY_FILE": str(key)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 silenced" in done.stdout


def test_static_files_can_be_collected_for_production(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], **PRODUCTION, "PIAOJUE_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").is_file()
    assert not (tmp_path / "static" / "viewflow").exists()


def test_the_command_starts_no_more_processes_than_the_environment_allows(settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAY_BE_SEVERAL = False
    with pytest.raises(CommandError, match="CACHE_URL"):
        call_command("up", "--workers", "2", "--port", "0")
