"""All settings, read from the environment; safe when nothing is set but SECRET_KEY, DATABASE_URL and REDIS_URL."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from crm.admin_look import LOOK
from crm.database_url import database_settings
from crm.email_url import email_settings
from crm.redis_url import RedisUrl
from crm.static_libraries import LIBRARIES

BASE_DIR = Path(__file__).resolve().parent.parent
INSECURE_KEY = "insecure-key-for-development-only"


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).lower() in {"1", "true", "yes", "on"}


DEBUG = flag("DEBUG")
SECRET_KEY = os.environ.get("SECRET_KEY", INSECURE_KEY)
if not DEBUG and SECRET_KEY == INSECURE_KEY:
    raise ImproperlyConfigured(
        "Set SECRET_KEY to a long random text, or DEBUG=1 for development, or `make run` here first."
    )

PORT = int(os.environ.get("PORT", "8000"))
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/pulse")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
# Of its databases 0 is cache and bus, 1 Celery's broker, 2 Django's cache.
REDIS = RedisUrl.parse(REDIS_URL)

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "ninja",
    "pgtrigger",
    "crm.timings",
    "crm.records",
    "crm.staff",
    "crm.live",
    "crm.sites",
    "crm.outbox",
    "crm.requests",
    "crm.api",
    "customers",
    "sales",
    "support",
    "marketing",
    "reporting",
]

MIDDLEWARE = [
    "crm.health.probes_middleware",
    "crm.timings.middleware.timed",
    "crm.api.middleware.api_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.staff.csp.csp_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crm.staff.middleware.storable_middleware",
    "crm.staff.middleware.acting_middleware",
    "crm.staff.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.staff.shell.page_state_middleware",
]

ROOT_URLCONF = "crm.urls"
ASGI_APPLICATION = "crm.asgi.application"
AUTH_USER_MODEL = "staff.User"
# Whose requests the kernel queues; it knows the module by this name alone.
CUSTOMER_MODEL = "customers.Customer"
AUTHENTICATION_BACKENDS = ["crm.staff.backend.StaffBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "reporting:home"
ACCOUNT_ADAPTER = "crm.staff.adapter.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Whoever is behind a proxy is known by what the last proxy wrote; else the header is anybody's to write.
ALLAUTH_TRUSTED_PROXY_COUNT = int(flag("BEHIND_PROXY"))
# Addresses are given by administrators, so there is nothing to verify before a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Pulse"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Pulse: "
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

TEMPLATE_FOLDERS = [BASE_DIR / "templates"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": TEMPLATE_FOLDERS,
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.staff.shell.shell",
            ],
            "builtins": ["crm.records.templatetags.pulse", "django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": database_settings(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": REDIS.django_cache(
        2,
        SOCKET_CONNECT_TIMEOUT=0.1,
        SOCKET_TIMEOUT=0.1,
        IGNORE_EXCEPTIONS=True,
        CONNECTION_POOL_KWARGS={"max_connections": 50},
    ),
    # Sign-in limits must hold while Valkey is down, and a flood of names must not push the older ones out.
    "limits": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "staff_limits",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
# Sessions live in the database, so that sign-in goes on without Valkey.
SESSION_ENGINE = "crm.staff.session_store"

CELERY_BROKER_URL = os.environ.get("BROKER_URL") or REDIS.broker(1)
# Celery would close the pool of connections after each task.
CELERY_DB_REUSE_MAX = 1000
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **REDIS.broker_options,
    "visibility_timeout": 60,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
}
# Phone numbers without a country code are read as numbers of this country.
DEFAULT_COUNTRY = os.environ.get("DEFAULT_COUNTRY", "GB")
TIMINGS_RAW_DAYS = int(os.environ.get("TIMINGS_RAW_DAYS", "7"))
# Requests that a web process works on at a time: fewer than its DATABASE_POOL, of which sockets need some.
WEB_THREADS = int(os.environ.get("WEB_THREADS", "12"))
# Seconds after which a customer's request goes before every newer one, whatever they are worth.
REQUESTS_AGEING_BOUND = int(os.environ.get("REQUESTS_AGEING_BOUND", "600"))
# Seconds for which a request is offered to one person before it is offered to the next.
REQUESTS_TAKE_WITHIN = int(os.environ.get("REQUESTS_TAKE_WITHIN", "600"))
# Requests a minute that the API takes from one token.
API_RATE = int(os.environ.get("API_RATE", "60000"))
# The same for one site, whose customers share it.
SITE_RATE = int(os.environ.get("SITE_RATE", "3000"))
# What Prometheus sends as its bearer token; without one, an administrator's API token is asked for.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
# Tests write timings by hand: a thread of its own would write past their transactions.
TIMINGS_WRITER = flag("TIMINGS_WRITER", True)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = os.environ.get("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# Without a mail server, mail is written to the terminal.
globals().update(email_settings(os.environ.get("EMAIL_URL", "console:")))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "pulse@localhost")
# How the product is reached from outside: what links in mails begin with.
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
# How long what was sent can still be looked up.
OUTBOX_DAYS = int(os.environ.get("OUTBOX_DAYS", "30"))

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "crm.static_libraries.LibraryFinder",
]
STATIC_LIBRARIES = LIBRARIES
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "crm.static_libraries.ModuleStaticFilesStorage"},
}
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", BASE_DIR / ".data" / "media"))
# The largest file that may be imported in the browser, and how long it is kept, for its errors and for undoing.
IMPORT_MAX_BYTES = int(os.environ.get("IMPORT_MAX_BYTES", 256 * 1024 * 1024))
IMPORT_DAYS = int(os.environ.get("IMPORT_DAYS", "30"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

TLS = flag("TLS", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 31536000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
# To be on browsers' preload lists is for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
BEHIND_PROXY = flag("BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SERVER = os.environ.get("SERVER", "daphne")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CSP_DIRECTIVES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "report-uri": "/csp-report/",
}
# Unfold evaluates Alpine expressions and writes inline styles; this holds under /admin/ alone (crm.staff.csp).
ADMIN_CSP_DIRECTIVES = CSP_DIRECTIVES | {
    "script-src": "'self' 'unsafe-eval' 'unsafe-inline'",
    "style-src": "'self' 'unsafe-inline'",
}

UNFOLD = LOOK

# What the shell shows at its left: the crm package knows modules by these names alone.
PULSE_MODULES = ["reporting", "customers", "requests"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "daphne": {"level": "WARNING"},
        # Whoever wanted a connection and got none says so; the pool would say it again and again.
        "psycopg.pool": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
    },
}
