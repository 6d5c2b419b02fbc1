"""Django's settings, read from the environment (`VEILLEUR_…`) with safe defaults.

Everything the desk writes lives in one data directory: the database, the keys, the
uploaded files. `docs/reference/settings.md` lists every variable.
"""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from veilleur.desk.accounts.outside import Mail, Provider, mail_of, providers_of
from veilleur.desk.keys import keys_of
from veilleur.listening.scanning import is_address


def _secrets() -> Path | None:
    """Where containers and systemd put what should be in no environment: a file for each variable."""
    place = Path(os.environ.get("CREDENTIALS_DIRECTORY") or "/run/secrets")
    return place if place.is_dir() else None


class Environment(BaseSettings):
    """What an administrator may set; each field is the variable `VEILLEUR_<FIELD>`.

    Or a file of that name among the secrets; a variable goes before a file.
    """

    model_config = SettingsConfigDict(
        env_prefix="VEILLEUR_", extra="ignore", hide_input_in_errors=True, secrets_dir=_secrets()
    )

    data_dir: Path = Field(
        default_factory=lambda: Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "veilleur",
        description="Where the database, the keys and the files live.",
    )
    database_url: str = Field("", description="`postgres://…`; empty: SQLite in the data directory.")
    debug: bool = Field(default=False, description="Show errors with their code: never in production.")
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        ["127.0.0.1", "localhost", "[::1]"], description="Names the desk answers to, separated by commas."
    )
    public_url: str = Field(
        "", description="Where people reach the desk, for links in e-mails; empty: no e-mail digest leaves."
    )
    https: bool = Field(default=False, description="Set when the desk is reached through HTTPS.")
    time_zone: str = Field("Europe/Paris", description="Zone of dates when the organisation has none.")
    public_check: bool = Field(
        default=False, description="Let anybody have a text judged, without an account; nothing is stored."
    )
    email_url: str = Field(
        "",
        description="The mail server, `smtp+tls://user:password@host:587`; empty: no letter leaves.",
    )
    email_from: str = Field(
        "Veilleur <veilleur@localhost>", description="Who letters come from, as `Name <address>`."
    )
    oidc: str = Field("", description="Providers of single sign-on, as JSON; empty: none.")
    upload_limit_mb: int = Field(200, ge=1, description="Largest file one may import, in MiB.")
    api_rate: int = Field(600, ge=1, description="Calls a minute that one token of the API may make.")
    clamav: str = Field(
        "",
        description="Where clamd looks through files: `host:port` or the path of its socket; empty: nobody.",
    )
    log_format: Literal["text", "json"] = Field("text", description="How lines of the log look.")
    log_level: Literal["error", "warning", "info"] = Field(
        "warning", description="The least that is logged; `info`: each request, too."
    )
    metrics_token: str = Field("", description="What `/metrics` is read with; empty: from this machine only.")

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [name.strip() for name in value.split(",") if name.strip()]

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError(f"{value} is not an address; write it as in “https://desk.example.org”")
        return value.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError(f"{value} is not a time zone; write it as in “Europe/Paris”")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _long(cls, value: str) -> str:
        if value and len(value) < 20:
            raise ValueError("it is too short to keep a secret: at least 20 characters")
        return value

    @field_validator("clamav")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value.strip() and not is_address(value.strip()):
            raise ValueError(
                f"{value} is not an address; write it as in “127.0.0.1:3310” or “/run/clamd.ctl”"
            )
        return value.strip()

    @field_validator("email_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        mail_of(value)
        return value

    @field_validator("oidc")
    @classmethod
    def _providers(cls, value: str) -> str:
        providers_of(value)
        return value


ENVIRONMENT = Environment()
DATA_DIR = ENVIRONMENT.data_dir.expanduser().resolve()


DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
os.environ["VEILLEUR_DATA_DIR"] = str(DATA_DIR)  # connectors know nothing of Django: they find it here


KEYS_FILE = DATA_DIR / "keys.json"
KEYS = keys_of(KEYS_FILE)
"""As they were when this process began; those of connections change (`sources.sealing`)."""
SECRET_KEY = KEYS["django"]
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
BASE_DIR = Path(__file__).resolve().parent

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "veilleur.desk.accounts",
    "veilleur.desk.hours",
    "veilleur.desk.sources",
    "veilleur.desk.inbox",
    "veilleur.desk.replies",
    "veilleur.desk.moderation",
    "veilleur.desk.automation",
    "veilleur.desk.reports",
    "veilleur.desk.upkeep",
    "veilleur.desk.api",
]

MIDDLEWARE = [
    "veilleur.desk.upkeep.middleware.Doorkeeper",
    "veilleur.desk.upkeep.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "veilleur.desk.api.problems.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "veilleur.desk.accounts.middleware.OpenSessionMiddleware",
    "veilleur.desk.accounts.middleware.ReaderLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "veilleur.desk.urls"
WSGI_APPLICATION = "veilleur.desk.wsgi.application"

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
                "django.template.context_processors.i18n",
                "veilleur.desk.accounts.context.workplace",
            ],
        },
    }
]


def _postgresql(url: str) -> dict[str, Any]:
    """Pages ask short questions of indexes: no compiling of plans, and a disk where order hardly matters."""
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    if database["ENGINE"].endswith("postgresql"):
        plans = "-c jit=off -c random_page_cost=1.1"
        database.setdefault("OPTIONS", {}).setdefault("options", plans)
    return database


def _database() -> dict[str, Any]:
    if ENVIRONMENT.database_url:
        return _postgresql(ENVIRONMENT.database_url)
    path = DATA_DIR / "veilleur.sqlite3"
    # Made here, so that SQLite gives its journals the same rights: the owner's only.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
                "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"
                # 32 MiB of journal between two checkpoints: a long import waits less for the disk.
                "PRAGMA wal_autocheckpoint=8000;"
            ),
        },
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"check": "20/m/ip", "hook": "120/m/ip", "invitation": "20/m/ip", "guest": "30/m/ip"}
"""What one address may do without an account, beside the limits of allauth: texts judged, calls of hooks,
links of invitations and of guests."""
ACCOUNT_ADAPTER = "veilleur.desk.accounts.adapter.ClosedDoor"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

MAIL: Mail | None = mail_of(ENVIRONMENT.email_url)
CAN_MAIL = MAIL is not None
"""Whether letters leave; without, links are shown to be handed over."""
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from
EMAIL_TIMEOUT = 15
if MAIL is not None:
    EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starts_tls, MAIL.is_tls
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Veilleur · "
ACCOUNT_EMAIL_NOTIFICATIONS = CAN_MAIL
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if ENVIRONMENT.https else "http"

MFA_ADAPTER = "veilleur.desk.accounts.adapter.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody registers alone: an administrator vouched for the address
MFA_TOTP_ISSUER = "Veilleur"
MFA_TOTP_TOLERANCE = 1  # a telephone may be half a minute late
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENVIRONMENT.https
"""A passkey of `http://localhost`; browsers offer none on any other address without HTTPS."""

OIDC: dict[str, Provider] = {one.id: one for one in providers_of(ENVIRONMENT.oidc)}
"""Providers of single sign-on by their short name."""
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: no form of ours is sent on to another host
SOCIALACCOUNT_ADAPTER = "veilleur.desk.accounts.adapter.SingleSignOn"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [one.for_allauth() for one in OIDC.values()],
    }
}

METRICS_TOKEN = ENVIRONMENT.metrics_token
PUBLIC_URL = ENVIRONMENT.public_url
"""Where people reach the desk, without a slash at the end; links in e-mails begin so."""

PUBLIC_CHECK = ENVIRONMENT.public_check
"""Whether `/check/` is open to people without an account."""

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = ENVIRONMENT.time_zone
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = None  # nothing is collected: files are served from where the packages put them
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "veilleur.desk.sources.uploads.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
UPLOAD_LIMIT = ENVIRONMENT.upload_limit_mb * 1024 * 1024
"""Bytes of the largest file one may import."""

API_RATE = ENVIRONMENT.api_rate
"""Calls a minute that one token may make."""

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.https
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https else None
SECURE_SSL_REDIRECT = False
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether sub-domains use HTTPS is not ours to say
    "security.W008",  # the reverse proxy redirects
    "security.W021",  # nor may we enter a domain on the browsers' preload list
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"discreet": {"()": "veilleur.desk.upkeep.logs.Discreet"}},
    "formatters": {
        "text": {"()": "veilleur.desk.upkeep.logs.Lines"},
        "json": {"()": "veilleur.desk.upkeep.logs.JsonLines"},
    },
    "handlers": {
        "console": {
            "class": "veilleur.desk.upkeep.logs.Console",
            "filters": ["discreet"],
            "formatter": ENVIRONMENT.log_format,
        },
    },
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level.upper()},
    # They hand what they have to the root, and nothing to a handler of their own that knows no discretion;
    # what libraries tell of each call is not for the log.
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}
