"""Django settings: one file, driven by the environment (see ``env.py``)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF

from projects.site import env
from projects.site.postgres import APP_ROLE as EMBEDDED_APP_ROLE
from projects.site.postgres import OWNER_ROLE as EMBEDDED_OWNER_ROLE
from projects.site.postgres import Cluster

ENV = env.read_or_exit(os.environ)
BASE_DIR = env.PROJECT
VAR_DIR = ENV.var
PRODUCTION = ENV.profile == "production"
TESTING = ENV.profile == "test"

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.trusted_origins
TRUSTED_PROXIES = ENV.proxies
PORT = ENV.port
WEB_WORKERS, WEB_THREADS = ENV.workers, ENV.threads
MAY_BE_SEVERAL = not PRODUCTION or bool(ENV.cache)

INSTALLED_APPS = [
    "workflow",
    "projects",
    "notifications",
    "projects.site",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "projects.site.apps.StaticFiles",
    "django.forms",
    "viewflow",
    "viewflow.workflow",
    "django_cotton",
    "django_htmx",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "projects.site.light.BallotsOwnWay",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "projects.site.no_nul.NoNul",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workflow.administration.middleware.SecondFactor",
    "projects.site.headers.PrivateHeaders",
    "projects.site.text_size.SizeWithTheForm",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "workflow.roles.middleware.ActingMiddleware",
    "workflow.administration.middleware.OneTimePassword",
    "workflow.administration.middleware.SignedOut",
    "workflow.people.middleware.ContextMiddleware",
]

ROOT_URLCONF = "projects.site.urls"
WSGI_APPLICATION = "projects.site.wsgi.application"
ASGI_APPLICATION = "projects.site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "projects.site.context.ui",
                "projects.site.context.work",
            ],
        },
    },
]
COTTON_DIR = "cotton"
SITE_LOGO_URL = ENV.logo  # in place of the mark at the head of every page
FORM_RENDERER = "projects.site.forms.Renderer"

# -- database: two roles, the embedded server where no address is given

CLUSTER = None if ENV.database else Cluster(VAR_DIR / "pg", durable=not TESTING)
_embedded = CLUSTER.urls() if CLUSTER else None
_app = env.database_settings(_embedded.app) if _embedded else ENV.database
_owner = env.database_settings(_embedded.owner) if _embedded else ENV.owner_database
APP_ROLE = _app.get("USER", EMBEDDED_APP_ROLE)
OWNER_ROLE = _owner.get("USER", EMBEDDED_OWNER_ROLE)
RUN_TIME_LIMITS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=120s"
# A server that does not answer, or a line that was cut, is found out within seconds.
LINE_LIMITS = {
    "connect_timeout": "5",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "2",
}


def _with_limits(database: dict[str, Any]) -> dict[str, Any]:
    given = database["OPTIONS"].get("options", "")
    options = {**LINE_LIMITS, **database["OPTIONS"], "options": f"{given} {RUN_TIME_LIMITS}".strip()}
    return {**database, "OPTIONS": options, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def _named(database: dict[str, Any]) -> dict[str, Any]:
    """With the program's name, which stands in the trail where rows are changed past the acts."""
    program = " ".join([Path(sys.argv[0]).name, *(word for word in sys.argv[1:2] if word.isidentifier())])
    return {**database, "OPTIONS": {"application_name": program[:63], **database["OPTIONS"]}}


DATABASES = {"default": _named(_owner if ENV.database_role == "owner" and _owner else _with_limits(_app))}

GROUP_COMMIT = ENV.group_commit

# -- backups: daily, weekly and monthly ones; how old the last one, and the last drill, may be before somebody is warned

BACKUPS_DIR, BACKUPS_KEPT = ENV.backups, ENV.backup_keep
BACKUP_KEPT_DAYS = max(days * kept for days, kept in zip((1, 7, 31), BACKUPS_KEPT, strict=True))
BACKUP_DUE_DAYS, DRILL_DUE_DAYS = 2, 92

CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENV.cache}
        if ENV.cache
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# -- people

AUTH_USER_MODEL = "workflow.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "workflow.administration.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 7 * 24 * 60 * 60  # how long the link in the letter to somebody new is good for
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "/"
OTP_TOTP_ISSUER = "票决"

# A lock on the name alone would let anybody lock a deputy out on the day of the vote.
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "projects.site.address.client_address"
AXES_VERBOSE = False

# -- the trail's heads: Ed25519, from the environment or a file that nobody else may read

TRAIL_KEY, COUNTY_KEY = ENV.trail_key, ENV.county_key
TRAIL_KEY_FILE = ENV.trail_key_file or ("" if PRODUCTION else str(VAR_DIR / "trail-key"))
COUNTY_KEY_FILE = ENV.county_key_file or ("" if PRODUCTION else str(VAR_DIR / "county-key"))
SIGNING_KEYS_MADE = not PRODUCTION  # a missing file is made at the first signature

TSA_URL, TSA_CA_FILE = ENV.tsa_url, ENV.tsa_ca_file  # without a file the well-known authorities are trusted

# -- the web

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = ENV.https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = ENV.https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = ENV.https
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if ENV.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.https
SECURE_HSTS_PRELOAD = ENV.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "uploads"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
# Outside production files are served from where they lie, and collectstatic is not needed.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A screening has a field of evidence for every rule of every item: 138 items (固镇) are some 2 000 fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_PERMISSIONS = 0o600

# -- language and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]  # each in its own words
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = ENV.time_zone
USE_TZ = True

# -- letters and work for later

EMAIL_CONFIGURED = ENV.mail is not None
if ENV.mail is not None:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = ENV.mail.host, ENV.mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.mail.user, ENV.mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = ENV.mail.tls, ENV.mail.ssl
    EMAIL_TIMEOUT = 10
    DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail.sender or "webmaster@localhost"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"

# Letters to robots and telephones: outside production they stay in the house (notifications/demonstration.py).
LETTERS_RECEIVER = ENV.receiver
SMS_URL, SMS_TOKEN = ENV.sms, ENV.sms_token

BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = ENV.broker or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
    if CELERY_BROKER_URL.startswith("filesystem:")
    else {}
)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A request must not wait for a broker that is away: the sweep sends again what was not sent now.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TASK_DEFAULT_QUEUE = "piaojue"
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ALWAYS_EAGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE


def every(seconds: float, task: str) -> dict[str, Any]:
    """Have the clock send a task by its registered name; a wake-up nobody took in time is dropped."""
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 10)}}


CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "pending": every(3600, "workflow.flows.tasks.sweep_pending"),
    "jobs": every(60, "workflow.flows.tasks.sweep_jobs"),
    "letters": every(60, "notifications.tasks.sweep_units"),
    "addresses": {
        "task": "notifications.tasks.sweep_addresses",
        "schedule": crontab(hour=2, minute=0),
        "options": {"expires": 6 * 3600},
    },
    "deliveries": every(60, "notifications.tasks.sweep_deliveries"),
    "returned": every(600, "projects.collection.tasks.sweep_returned"),
    "reports": every(3600, "projects.supervision.tasks.sweep_reports"),
    "summaries": every(3600, "projects.supervision.tasks.sweep_summaries"),
    "hearings": every(3600, "projects.evaluation.tasks.sweep_hearings"),
    "sessions": every(3600, "projects.retention.tasks.sweep_sessions"),
    "due_data": {
        "task": "projects.retention.tasks.sweep_due",
        "schedule": crontab(hour=6, minute=30),
        "options": {"expires": 6 * 3600},
    },
    "offices": every(600, "workflow.roles.tasks.sweep_offices"),
    # Before the day's reminders; a worker that starts sends it too, as newer holidays come with a new start.
    "provisional": {
        "task": "workflow.flows.tasks.sweep_provisional",
        "schedule": crontab(hour=5, minute=0),
        "options": {"expires": 6 * 3600},
    },
    "figures": {
        "task": "projects.oversight.tasks.check_figures",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 6 * 3600},
    },
    "sums": every(60, "projects.oversight.tasks.sweep_sums"),
    "examinations": every(600, "projects.oversight.tasks.sweep_examinations"),
    "backup": {
        "task": "projects.site.tasks.make_backup",
        "schedule": crontab(hour=3, minute=30),
        "options": {"expires": 6 * 3600},
    },
    "exports": every(60, "workflow.administration.tasks.sweep_exports"),
    "heads": every(60, "workflow.audit.tasks.sweep_heads"),
    "stamps": every(60, "workflow.audit.tasks.sweep_stamps"),
    "trails": {
        "task": "workflow.audit.tasks.verify_trails",
        "schedule": crontab(hour=1, minute=30),
        "options": {"expires": 6 * 3600},
    },
    "reminders": every(600, "workflow.reminders.tasks.sweep_deadlines"),
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"ballot": {"()": "projects.site.quiet.QuietBallot"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["ballot"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Statements carry ballots and personal data.
        "django.db.backends": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "workflow": {"level": "INFO"},
        "projects": {"level": "INFO"},
        "notifications": {"level": "INFO"},
    },
}
