"""Every setting, in one place: read from the environment, checked at start, and handed on; nothing else reads it.

Longer than the house's rule, because each setting is a line here and nowhere else.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from app.core import setting_values as parse

ROOT = Path(__file__).resolve().parent
LOOPBACK = "127.0.0.1"
MAX_CONTENT_LENGTH = 10 * 1024 * 1024
# RFC 7518 section 3.2: the key of an HS256 token has at least 256 bits.
MIN_SECRET_LENGTH = 32
MIN_DEMO_PASSWORD_LENGTH = 12
_SECRET_KEY_FILE = "secret_key"  # noqa: S105  # the name of its file
# What tests and benchmarks are told by the environment is theirs, and no setting of the product.
_FOREIGN_PREFIXES = ("COUNTERPART_TEST_", "COUNTERPART_BENCH_")

Value = TypeVar("Value")


class ConfigurationError(Exception):
    """Settings that can't be used; its text lists each of them in plain words, with what to do."""

    def __init__(self, problems: list[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Counterpart can't start with these settings:\n{lines}\nSee docs/operator/settings.md.")
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of docs/operator/settings.md, checked; None where a setting has no value."""

    instance: Path
    database_url: str = field(repr=False)
    given_secret_key: str | None = field(default=None, repr=False)
    public_url: str | None = None
    timezone: str = "Europe/London"
    country: str = "GB"
    language: str = "en"
    currency: str = "GBP"
    broker_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    uncertain: Literal["resend", "hold"] = "resend"
    redirect_all: str | None = None
    bounce_address: str | None = None
    answer_address: str | None = None
    invoice_usage: bool = True
    import_rows: int = 5_000
    proxies: int = 0
    demo_password: str | None = field(default=None, repr=False)
    mail_server: str | None = None
    mail_port: int = 25
    mail_username: str | None = None
    mail_password: str | None = field(default=None, repr=False)
    mail_use_tls: bool = False
    mail_use_ssl: bool = False
    mail_default_sender: str | None = None
    dkim_key: bytes | None = field(default=None, repr=False)
    dkim_selector: str = "counterpart"
    mail_rate: str | None = None
    mail_domain_rate: str | None = None
    imap_server: str | None = None
    imap_port: int = 993
    imap_username: str | None = None
    imap_password: str | None = field(default=None, repr=False)
    imap_folder: str = "INBOX"
    catcher_port: int | None = None
    metrics_token: str | None = field(default=None, repr=False)
    log_format: Literal["json", "text"] | None = None

    @property
    def uses_catcher(self) -> bool:
        """Whether mails go to the built-in catcher, because no SMTP server is configured."""
        return self.mail_server is None

    @property
    def catcher_folder(self) -> Path:
        """The folder that the catcher keeps its mails in."""
        return self.instance / "catcher"

    @classmethod
    def of_this_process(cls) -> Settings:
        """Return the settings that this process was started with. Raises ConfigurationError."""
        return cls.from_environment(os.environ)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings that an environment describes; an empty value counts as unset.

        Raises:
            ConfigurationError: listing every setting that can't be used.

        """
        read = _Reader(environ)
        instance = read("COUNTERPART_INSTANCE", parse.folder, ROOT / "instance")
        embedded = f"sqlite:///{instance / 'counterpart.sqlite'}"
        database = read("COUNTERPART_DATABASE_URL", lambda text: parse.database_url(text, instance), embedded)
        values = {
            "instance": instance,
            "database_url": database,
            "given_secret_key": read("COUNTERPART_SECRET_KEY", parse.at_least(MIN_SECRET_LENGTH), None),
            "public_url": read("COUNTERPART_PUBLIC_URL", parse.public_url, None),
            "timezone": read("COUNTERPART_TIMEZONE", parse.timezone, cls.timezone),
            "country": read("COUNTERPART_COUNTRY", parse.country, cls.country),
            "language": read("COUNTERPART_LANGUAGE", parse.language, cls.language),
            "currency": read("COUNTERPART_CURRENCY", parse.currency, cls.currency),
            "broker_url": read("COUNTERPART_BROKER_URL", lambda text: parse.broker_url(text, database), None),
            "redis_url": read("COUNTERPART_REDIS_URL", parse.url_of("redis", "rediss"), None),
            "uncertain": read("COUNTERPART_UNCERTAIN", parse.one_of("resend", "hold"), cls.uncertain),
            "redirect_all": read("COUNTERPART_REDIRECT_ALL", parse.address, None),
            "bounce_address": read("COUNTERPART_BOUNCE_ADDRESS", parse.taggable_address, None),
            "answer_address": read("COUNTERPART_ANSWER_ADDRESS", parse.taggable_address, None),
            "invoice_usage": read("COUNTERPART_INVOICE_USAGE", parse.yes_or_no, cls.invoice_usage),
            "import_rows": read("COUNTERPART_IMPORT_ROWS", parse.number(1, 50_000), cls.import_rows),
            "proxies": read("COUNTERPART_PROXIES", parse.number(0, 10), cls.proxies),
            "demo_password": read("COUNTERPART_DEMO_PASSWORD", parse.at_least(MIN_DEMO_PASSWORD_LENGTH), None),
            "metrics_token": read("COUNTERPART_METRICS_TOKEN", parse.at_least(MIN_SECRET_LENGTH), None),
            "log_format": read("COUNTERPART_LOG_FORMAT", parse.one_of("json", "text"), None),
            # Set by run.py for the processes that it starts; not for people.
            "catcher_port": read("COUNTERPART_CATCHER_PORT", parse.number(1, 65535), None),
            **_mail(read),
            **_imap(read),
        }
        read.find_unknown()
        if read.problems:
            raise ConfigurationError(read.problems)
        return cls(**values)


class _Reader:
    """Reads one setting after the other, and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.names: list[str] = []
        self.problems: list[str] = []

    def __call__(self, name: str, reader: Callable[[str], Value], default: Value | None) -> Any:  # noqa: ANN401  # a setting has any type
        self.names.append(name)
        text = self.environ.get(name, "").strip()
        if not text:
            return default
        try:
            return reader(text)
        except parse.WrongValueError as error:
            self.problems.append(f"{name} {error}")
            return default

    def find_unknown(self) -> None:
        """Report names that are not settings: most are a setting misspelled, which would be ignored in silence."""
        for name in sorted(self.environ):
            known = name in self.names or not name.startswith("COUNTERPART_")
            if known or name.startswith(_FOREIGN_PREFIXES):
                continue
            alike = difflib.get_close_matches(name, self.names, n=1)
            advice = f"did you mean {alike[0]}?" if alike else "remove it."
            self.problems.append(f"{name} is not a setting: {advice}")


def _mail(read: _Reader) -> dict[str, Any]:
    """Read Flask-Mail's settings."""
    use_tls = read("MAIL_USE_TLS", parse.yes_or_no, False)
    use_ssl = read("MAIL_USE_SSL", parse.yes_or_no, False)
    values = {
        "mail_server": read("MAIL_SERVER", parse.host, None),
        # RFC 8314: 465 is TLS from the start, 587 is submission with STARTTLS.
        "mail_port": read("MAIL_PORT", parse.number(1, 65535), 465 if use_ssl else 587 if use_tls else 25),
        "mail_username": read("MAIL_USERNAME", str, None),
        "mail_password": read("MAIL_PASSWORD", str, None),
        "mail_use_tls": use_tls,
        "mail_use_ssl": use_ssl,
        "mail_default_sender": read("MAIL_DEFAULT_SENDER", parse.sender, None),
        "dkim_key": read("COUNTERPART_DKIM_KEY", parse.dkim_key, None),
        "dkim_selector": read("COUNTERPART_DKIM_SELECTOR", parse.dkim_selector, "counterpart"),
        "mail_rate": read("COUNTERPART_MAIL_RATE", parse.rates, None),
        "mail_domain_rate": read("COUNTERPART_MAIL_DOMAIN_RATE", parse.rates, None),
    }
    if use_tls and use_ssl:
        read.problems.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other: choose SSL for port 465, TLS for 587.")
    if bool(values["mail_username"]) != bool(values["mail_password"]):
        read.problems.append("MAIL_USERNAME and MAIL_PASSWORD belong together: set both, or neither.")
    if values["mail_username"] and not values["mail_server"]:
        read.problems.append("MAIL_USERNAME needs MAIL_SERVER: without a server, mails go to the built-in catcher.")
    elif values["mail_username"] and not (use_tls or use_ssl) and values["mail_server"] not in {LOOPBACK, "localhost"}:
        read.problems.append("MAIL_PASSWORD would travel readable: set MAIL_USE_TLS or MAIL_USE_SSL to yes.")
    return values


def _imap(read: _Reader) -> dict[str, Any]:
    """Read where bounces and answers come in."""
    values = {
        "imap_server": read("IMAP_SERVER", parse.host, None),
        "imap_port": read("IMAP_PORT", parse.number(1, 65535), Settings.imap_port),
        "imap_username": read("IMAP_USERNAME", str, None),
        "imap_password": read("IMAP_PASSWORD", str, None),
        "imap_folder": read("IMAP_FOLDER", str, Settings.imap_folder),
    }
    if values["imap_server"] and not (values["imap_username"] and values["imap_password"]):
        read.problems.append("IMAP_SERVER needs IMAP_USERNAME and IMAP_PASSWORD: set them too.")
    return values


def secret_key(settings: Settings) -> str:
    """Return the key of sessions and tokens: the given one, or the instance's own, made at the first start.

    The file has mode 0600. Several processes may start at once: they all get the key of whoever was first.

    Raises:
        ConfigurationError: when the file holds no usable key.

    """
    if settings.given_secret_key:
        return settings.given_secret_key
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.instance / _SECRET_KEY_FILE
    if not path.exists():
        _write_once(path, secrets.token_hex(MIN_SECRET_LENGTH))
    path.chmod(0o600)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < MIN_SECRET_LENGTH:
        raise ConfigurationError([f"{path} holds no secret key: delete the file, and everybody logs in again."])
    return key


def _write_once(path: Path, text: str) -> None:
    """Write a file that nobody sees half written, and that whoever comes second leaves as it is."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def flask_config(settings: Settings) -> dict[str, Any]:
    """Return what Flask and its extensions are configured with; the settings themselves are under `SETTINGS`."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": secret_key(settings),
        "MAX_CONTENT_LENGTH": MAX_CONTENT_LENGTH,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "SESSION_COOKIE_NAME": "counterpart_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": (settings.public_url or "").startswith("https://"),
        # A form may stay open all day: its token lives as long as its session.
        "WTF_CSRF_TIME_LIMIT": None,
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(hours=12),
        "JWT_ERROR_MESSAGE_KEY": "message",
        **_database_config(settings),
        **_mail_config(settings),
        **_appbuilder_config(settings),
    }


def _database_config(settings: Settings) -> dict[str, Any]:
    """Configure Flask-SQLAlchemy: SQLite waits for its lock, PostgreSQL's connections are tried before use."""
    if settings.database_url.startswith("sqlite"):
        options: dict[str, Any] = {"connect_args": {"timeout": 30}}
    else:
        options = {"pool_pre_ping": True, "pool_recycle": 1800}
    # What is written, addresses and password hashes among it, is in no error message and so in no log.
    options["hide_parameters"] = True
    return {"SQLALCHEMY_DATABASE_URI": settings.database_url, "SQLALCHEMY_ENGINE_OPTIONS": options}


def _mail_config(settings: Settings) -> dict[str, Any]:
    """Configure Flask-Mail, for the catcher where no server is set."""
    return {
        "MAIL_SERVER": settings.mail_server or LOOPBACK,
        "MAIL_PORT": (settings.catcher_port or 0) if settings.uses_catcher else settings.mail_port,
        "MAIL_USERNAME": settings.mail_username,
        "MAIL_PASSWORD": settings.mail_password,
        "MAIL_USE_TLS": settings.mail_use_tls,
        "MAIL_USE_SSL": settings.mail_use_ssl,
        "MAIL_DEFAULT_SENDER": settings.mail_default_sender,
        # Many servers hang up after some hundred mails on one connection; changing first is kinder.
        "MAIL_MAX_EMAILS": 100,
        # Tests send too, to servers of their own: silence would prove nothing.
        "MAIL_SUPPRESS_SEND": False,
        "MAIL_DEBUG": 0,
    }


def _appbuilder_config(settings: Settings) -> dict[str, Any]:
    """Configure Flask-AppBuilder, its translations and its rate limits."""
    from app.access.passwords import check_password

    return {
        "APP_NAME": "Counterpart",
        # The schema is the migrations', permissions are written when migrating, and API keys are app/api_keys alone.
        **dict.fromkeys(("FAB_CREATE_DB", "FAB_UPDATE_PERMS", "FAB_ADD_SECURITY_API"), False),
        "FAB_API_SWAGGER_UI": True,
        "FAB_API_KEY_ENABLED": True,
        "FAB_API_KEY_PREFIXES": ["cp_"],
        "FAB_API_MAX_PAGE_SIZE": 100,
        "FAB_PASSWORD_COMPLEXITY_ENABLED": True,
        "FAB_PASSWORD_COMPLEXITY_VALIDATOR": check_password,
        "AUTH_RATE_LIMITED": True,
        "AUTH_RATE_LIMIT": "10 per 60 second",
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_HEADERS_ENABLED": True,
        "RATELIMIT_STORAGE_URI": settings.redis_url or "memory://",
        # The languages of the screens; the language of a copy is its recipient's.
        "LANGUAGES": {"en": {"flag": "gb", "name": "English"}, "de": {"flag": "de", "name": "Deutsch"}},
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "app" / "translations"),
        "BABEL_DEFAULT_TIMEZONE": settings.timezone,
    }
