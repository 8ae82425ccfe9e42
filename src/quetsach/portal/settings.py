"""Django's settings. docs/settings.md describes each QUETSACH_* variable."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from quetsach.portal.env import (
    env_address,
    env_bool,
    env_int,
    env_key,
    env_list,
    env_networks,
    env_str,
    has_port,
)
from quetsach.portal.kit.forwarded import PROTOCOL
from quetsach.portal.kit.private import keep_once
from quetsach.portal.sso.configuration import identity_provider

PORTAL = Path(__file__).resolve().parent
DATA_DIR = Path(env_str("QUETSACH_DATA_DIR", "var")).absolute()
DEBUG = env_bool("QUETSACH_DEBUG")
DEMO = env_bool("QUETSACH_DEMO")


def _secret_key() -> str:
    """The configured key, or a key made once and kept in the data folder, readable by its owner only."""
    configured = env_key("QUETSACH_SECRET_KEY")
    if configured:
        return configured
    from django.core.management.utils import get_random_secret_key

    file = DATA_DIR / "secret-key"
    if not file.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        keep_once(file, get_random_secret_key())
    return file.read_text()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env_list("QUETSACH_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("QUETSACH_ORIGINS")
TRUSTED_PROXIES = env_networks("QUETSACH_TRUSTED_PROXIES")
HTTPS = env_bool("QUETSACH_HTTPS")
if HTTPS and not TRUSTED_PROXIES:
    raise ImproperlyConfigured(
        "QUETSACH_HTTPS=1: set QUETSACH_TRUSTED_PROXIES to the address of the web server in front, which must"
        " send X-Forwarded-Proto"
    )

INSTALLED_APPS = [
    "quetsach.portal.kit",
    "quetsach.portal.accounts",
    "quetsach.portal.audit",
    "quetsach.portal.backups",
    "quetsach.portal.units",
    "quetsach.portal.sso",
    "quetsach.portal.campaigns",
    "quetsach.portal.people",
    "quetsach.portal.staff",
    "quetsach.portal.indicators",
    "quetsach.portal.sightings",
    "quetsach.portal.machines",
    "quetsach.portal.cases",
    "quetsach.portal.checks",
    "quetsach.portal.tools",
    "quetsach.portal.equipment",
    "quetsach.portal.handbook",
    "quetsach.portal.reports",
    "quetsach.portal.letters",
    "quetsach.portal.sectors",
    "quetsach.portal.intake",
    "quetsach.portal.bundles",
    "quetsach.portal.incidents",
    "quetsach.portal.sensors",
    "quetsach.portal.privacy",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "quetsach.portal.kit.refusals.middleware.RefusalsAreCounted",
    "quetsach.portal.kit.forwarded.ForwardedProtocol",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "quetsach.portal.kit.readable.ReadableText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "quetsach.portal.kit.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "quetsach.portal.kit.bodies.BodiesAreBounded",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "quetsach.portal.accounts.known_browser.KnownBrowsers",
    "quetsach.portal.accounts.session_limits.SessionLimits",
    "quetsach.portal.units.membership_cache.MembershipCache",
    "quetsach.portal.staff.second_step_rule.SecondStepRule",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "quetsach.portal.urls"
WSGI_APPLICATION = "quetsach.portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                ("quetsach.portal.kit.folding.Loader", ["django.template.loaders.app_directories.Loader"])
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "quetsach.portal.kit.context.site",
            ],
            "builtins": [
                "quetsach.portal.kit.templatetags.kit",
                "quetsach.portal.kit.templatetags.figures",
                "quetsach.portal.campaigns.templatetags.campaign",
                "quetsach.portal.handbook.templatetags.handbook",
                "django.templatetags.i18n",
            ],
        },
    }
]


def _database() -> dict[str, object]:
    """SQLite in the data folder, or QUETSACH_DATABASE=postgresql://user:password@host:port/name."""
    url = env_str("QUETSACH_DATABASE")
    if not url:
        DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            "ENGINE": "quetsach.portal.kit.sqlite",
            "NAME": str(DATA_DIR / "quetsach.sqlite3"),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
            "CONN_MAX_AGE": 60,
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not has_port(parts):
        raise ImproperlyConfigured("QUETSACH_DATABASE: expected postgresql://user:password@host:port/name")
    return {
        "ENGINE": "quetsach.portal.kit.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        # Values travel beside the statement, and a frequent statement is planned once for each connection:
        # planning took most of a page's time in the database.
        # Compiling a query of a page takes PostgreSQL longer than the query itself.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3, "options": "-c jit=off"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Rate limits are counted in the cache, which all processes must share.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kit_cache",
        # When it is full, a third is deleted, also counts of people who guess.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "quetsach.portal.accounts.passwords.LongEnough",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "quetsach.portal.accounts.passwords.ShortEnough"},
    {"NAME": "quetsach.portal.accounts.passwords.NotCommon"},
    {"NAME": "quetsach.portal.accounts.passwords.NotRepeated"},
    {"NAME": "quetsach.portal.accounts.passwords.NotLikeOneself"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_work"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "quetsach.portal.accounts.adapter.ClosedSignupAdapter"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {"change_password": "quetsach.portal.accounts.forms.NewPasswordForm"}
# accounts.guessing counts sign-ins, because it knows browsers.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": None,
    "change_password": "5/m/user",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_FORMS = {
    "authenticate": "quetsach.portal.accounts.forms_code.CodeForm",
    "reauthenticate": "quetsach.portal.accounts.forms_code.CodeAgainForm",
    "activate_totp": "quetsach.portal.accounts.forms_code.FirstCodeForm",
}
MFA_ADAPTER = "quetsach.portal.accounts.second_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Quét Sạch"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # no account here proves an e-mail address
# The roles that must use one-time codes, and how many days they have to switch them on.
SECOND_STEP_ROLES = env_list("QUETSACH_SECOND_STEP", "" if DEMO else "coordinator")
SECOND_STEP_DAYS = env_int("QUETSACH_SECOND_STEP_DAYS", 14)
SSO = identity_provider()
SOCIALACCOUNT_ADAPTER = "quetsach.portal.sso.adapter.SsoAccountAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
CSRF_FAILURE_VIEW = "quetsach.portal.kit.errors.csrf_failure"

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [PORTAL / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_THOUSAND_SEPARATOR = True


def _mailers() -> dict[str, dict[str, object]]:
    """QUETSACH_SMTP=smtp://user:password@host:587 (STARTTLS) or smtps://…:465; empty: no e-mail is sent."""
    url = env_str("QUETSACH_SMTP")
    if not url:
        return {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not has_port(parts):
        raise ImproperlyConfigured("QUETSACH_SMTP: expected smtp://user:password@host:port")
    is_tls = parts.scheme == "smtps"
    options = {
        "host": parts.hostname,
        "port": parts.port or (465 if is_tls else 587),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": is_tls,
        "use_tls": not is_tls,
        "timeout": 30,
    }
    return {"default": {"BACKEND": "quetsach.portal.kit.smtp.EmailBackend", "OPTIONS": options}}


MAILERS = _mailers()
DEFAULT_FROM_EMAIL = env_str("QUETSACH_MAIL_FROM", "quetsach@localhost")
SITE_ADDRESS = env_address("QUETSACH_ADDRESS")
CAN_EMAIL = bool(env_str("QUETSACH_SMTP")) and bool(SITE_ADDRESS)  # each e-mail carries a link

STATIC_URL = "/static/"
STATIC_ROOT = env_str("QUETSACH_STATIC_ROOT", str(DATA_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # A web server in front of the portal may serve these files.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = str(DATA_DIR / "files")
VAULT_KEY_FILE = env_str("QUETSACH_VAULT_KEY_FILE", str(DATA_DIR / "vault-key"))
DATA_UPLOAD_MAX_NUMBER_FILES = 500  # a folder of results, each with its report beside it

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "quetsach.portal.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = env_int("QUETSACH_SESSION_HOURS", 12) * 3600
SESSION_IDLE_SECONDS = env_int("QUETSACH_IDLE_MINUTES", 120) * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = (PROTOCOL, "https")
# Browsers accept a cookie of such a name from this host only: no other site of the domain can set one.
_HOST_ONLY = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST_ONLY}sessionid", f"{_HOST_ONLY}csrftoken"
KNOWN_BROWSER_COOKIE_NAME = f"{_HOST_ONLY}known"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SILENCED_SYSTEM_CHECKS: list[str] = []

DATA_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024  # one chunk of a push is 8 MiB at most
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Processes that read strangers' files at once, over all workers; each takes 512 MB at most.
READERS = env_int("QUETSACH_READERS", 2)
if not 1 <= READERS <= 64:
    raise ImproperlyConfigured(f"QUETSACH_READERS={READERS}: expected 1 to 64")
READERS_DIR = DATA_DIR / "readers"
MAX_UPLOAD_BYTES = env_int("QUETSACH_MAX_UPLOAD_MB", 256) * 1024 * 1024
PATIENCE_SECONDS = env_int("QUETSACH_PATIENCE_SECONDS", 40)
if MAX_UPLOAD_BYTES <= 0 or PATIENCE_SECONDS <= 0:
    raise ImproperlyConfigured("QUETSACH_MAX_UPLOAD_MB, QUETSACH_PATIENCE_SECONDS: expected more than 0")
# An arriving file lies on the disk that will keep it; the system's own temporary folder may be in memory.
INCOMING = DATA_DIR / "incoming"
INCOMING.mkdir(parents=True, exist_ok=True, mode=0o700)
FILE_UPLOAD_TEMP_DIR = str(INCOMING)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # All log lines go through the one handler here, which masks secrets.
    "formatters": {"masked": {"()": "quetsach.portal.kit.masking.Masked"}},
    "filters": {"strangers": {"()": "quetsach.portal.kit.masking.WithoutTracesOfStrangers"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "masked", "filters": ["strangers"]}
    },
    "loggers": {"django": {"handlers": []}, "django.server": {"handlers": [], "propagate": True}},
    "root": {"handlers": ["console"], "level": env_str("QUETSACH_LOG_LEVEL", "WARNING")},
}
