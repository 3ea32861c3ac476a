"""Settings: defaults, what is refused and in which words, the secret key, and their table in the docs."""

import re
import stat
import threading
from pathlib import Path

import pytest

from config import ROOT, ConfigurationError, Settings, flask_config, secret_key

SECRET = "x" * 32


class Asked(dict):
    """An environment that remembers what it was asked for."""

    def __init__(self, values=()):
        super().__init__(values)
        self.names = set()

    def get(self, key, default=None):
        self.names.add(key)
        return super().get(key, default)


def settings(**values):
    return Settings.from_environment(values)


def problems(**values):
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(values)
    return caught.value.problems


def test_defaults_are_those_of_the_embedded_instance():
    made = settings()
    assert made.instance == ROOT / "instance"
    assert made.database_url == f"sqlite:///{ROOT}/instance/counterpart.sqlite"
    assert (made.timezone, made.country, made.language, made.currency) == ("Europe/London", "GB", "en", "GBP")
    assert (made.uncertain, made.invoice_usage, made.proxies) == ("resend", True, 0)
    assert made.uses_catcher
    assert made.public_url is made.broker_url is made.redis_url is made.redirect_all is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_psycopg(scheme):
    made = settings(COUNTERPART_DATABASE_URL=f"{scheme}://me:p%40ss@db.example/counterpart")
    assert made.database_url == "postgresql+psycopg://me:p%40ss@db.example/counterpart"
    assert flask_config(settings(COUNTERPART_DATABASE_URL=made.database_url, COUNTERPART_SECRET_KEY=SECRET))[
        "SQLALCHEMY_ENGINE_OPTIONS"
    ]["pool_pre_ping"]


def test_a_relative_sqlite_path_begins_in_the_instance_folder(tmp_path):
    made = settings(COUNTERPART_INSTANCE=str(tmp_path), COUNTERPART_DATABASE_URL="sqlite:///other.sqlite")
    assert made.database_url == f"sqlite:///{tmp_path}/other.sqlite"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("COUNTERPART_DATABASE_URL", "mysql://me:hush@db/x", "must begin with sqlite:/// or postgresql://."),
        ("COUNTERPART_DATABASE_URL", "me:hush@db", "must be an SQLAlchemy URL"),
        ("COUNTERPART_SECRET_KEY", "short", "needs 32 characters"),
        ("COUNTERPART_PUBLIC_URL", "counterpart.example", "must be the address"),
        ("COUNTERPART_TIMEZONE", "Mars/Olympus", "must be a time zone"),
        ("COUNTERPART_COUNTRY", "England", "two letters"),
        ("COUNTERPART_COUNTRY", "QQ", "two letters"),
        ("COUNTERPART_LANGUAGE", "xx-yy-zz", "must be a language code"),
        ("COUNTERPART_CURRENCY", "POUND", "ISO 4217"),
        ("COUNTERPART_BROKER_URL", "http://broker", "must begin with amqp://"),
        ("COUNTERPART_REDIS_URL", "redis:", "must begin with redis://"),
        ("COUNTERPART_UNCERTAIN", "maybe", "must be resend or hold."),
        ("COUNTERPART_REDIRECT_ALL", "nobody", "must be a mail address"),
        ("COUNTERPART_INVOICE_USAGE", "perhaps", "must be yes or no."),
        ("COUNTERPART_PROXIES", "-1", "from 0 to 10"),
        ("COUNTERPART_DEMO_PASSWORD", "demo", "needs 12 characters"),
        ("COUNTERPART_DKIM_KEY", "/no/such/file", "must name a file that can be read"),
        ("COUNTERPART_DKIM_KEY", "~nobody-of-this-name/key.pem", "the home of a user who has none"),
        ("COUNTERPART_INSTANCE", "~nobody-of-this-name/counterpart", "the home of a user who has none"),
        ("COUNTERPART_DKIM_KEY", __file__, "an RSA private key in PEM"),
        ("COUNTERPART_DKIM_SELECTOR", "a_b", "must be letters, digits and hyphens"),
        ("COUNTERPART_MAIL_RATE", "fast", "must be a rate"),
        ("COUNTERPART_MAIL_RATE", "0/minute", "must be a rate"),
        ("COUNTERPART_MAIL_DOMAIN_RATE", "10/second; many", "must be a rate"),
        ("MAIL_SERVER", "mail.example:25", "its port has a setting of its own"),
        ("MAIL_PORT", "70000", "from 1 to 65535"),
        ("MAIL_DEFAULT_SENDER", "Billing", "must be a mail address"),
        ("IMAP_SERVER", "imap.example", "needs IMAP_USERNAME and IMAP_PASSWORD"),
    ],
)
def test_a_bad_value_is_named_with_what_to_do_and_never_repeated_if_secret(name, value, words):
    (problem,) = problems(**{name: value})
    assert problem.startswith(name)
    assert words in problem
    assert "hush" not in problem


def test_all_bad_settings_are_told_at_once():
    with pytest.raises(ConfigurationError) as caught:
        settings(MAIL_PORT="x", COUNTERPART_PROXIES="y", COUNTERPART_COUNTRY="z")
    assert len(caught.value.problems) == 3
    assert all(problem in str(caught.value) for problem in caught.value.problems)


def test_a_misspelled_setting_is_not_ignored_in_silence():
    assert problems(COUNTERPART_DATABASE_URI="x") == [
        "COUNTERPART_DATABASE_URI is not a setting: did you mean COUNTERPART_DATABASE_URL?"
    ]
    assert settings(COUNTERPART_TEST_POSTGRESQL="x") == settings()


@pytest.mark.parametrize(
    ("values", "port"),
    [({}, 25), ({"MAIL_USE_TLS": "yes"}, 587), ({"MAIL_USE_SSL": "1"}, 465), ({"MAIL_PORT": "2525"}, 2525)],
)
def test_the_mail_port_follows_the_kind_of_tls(values, port):
    assert settings(MAIL_SERVER="mail.example", **values).mail_port == port


def test_mail_settings_that_do_not_fit_together_are_refused():
    login = {"MAIL_USERNAME": "me", "MAIL_PASSWORD": "hush"}
    assert "exclude each other" in problems(MAIL_USE_TLS="yes", MAIL_USE_SSL="yes")[0]
    assert "belong together" in problems(MAIL_SERVER="localhost", MAIL_USERNAME="me")[0]
    assert "needs MAIL_SERVER" in problems(**login)[0]
    assert "travel readable" in problems(MAIL_SERVER="mail.example", **login)[0]
    assert settings(MAIL_SERVER="mail.example", MAIL_USE_TLS="yes", **login).mail_username == "me"


def test_secrets_are_not_in_the_settings_shown():
    made = settings(
        COUNTERPART_SECRET_KEY="planted" * 8,
        COUNTERPART_DATABASE_URL="postgresql://me:planted@db/x",
        COUNTERPART_DEMO_PASSWORD="planted-here-too",
        MAIL_SERVER="localhost",
        MAIL_USERNAME="me",
        MAIL_PASSWORD="planted",
    )
    assert "planted" not in repr(made)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    made = settings(COUNTERPART_INSTANCE=str(tmp_path / "new"))
    keys = set()
    threads = [threading.Thread(target=lambda: keys.add(secret_key(made))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1
    assert len(keys.pop()) >= 64
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret_key"]


def test_an_empty_key_file_is_reported(tmp_path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(ConfigurationError, match="delete the file"):
        secret_key(settings(COUNTERPART_INSTANCE=str(tmp_path)))


def test_the_catcher_takes_the_mails_while_no_server_is_set(tmp_path):
    made = settings(COUNTERPART_INSTANCE=str(tmp_path), COUNTERPART_CATCHER_PORT="2525")
    assert (flask_config(made)["MAIL_SERVER"], flask_config(made)["MAIL_PORT"]) == ("127.0.0.1", 2525)
    made = settings(COUNTERPART_INSTANCE=str(tmp_path), COUNTERPART_CATCHER_PORT="2525", MAIL_SERVER="mail.example")
    assert (flask_config(made)["MAIL_SERVER"], flask_config(made)["MAIL_PORT"]) == ("mail.example", 25)


def test_cookies_are_secure_behind_https():
    base = {"COUNTERPART_SECRET_KEY": SECRET}
    assert flask_config(settings(COUNTERPART_PUBLIC_URL="https://c.example/", **base))["SESSION_COOKIE_SECURE"]
    assert not flask_config(settings(COUNTERPART_PUBLIC_URL="http://c.example", **base))["SESSION_COOKIE_SECURE"]


def test_the_operator_guide_lists_every_setting_and_no_other():
    asked = Asked()
    Settings.from_environment(asked)
    page = (ROOT / "docs" / "operator" / "settings.md").read_text(encoding="utf-8")
    listed = {
        name
        for row in page.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }
    assert listed == asked.names - {"COUNTERPART_CATCHER_PORT"}


def test_nothing_else_reads_the_environment():
    readers = {"config.py", "run.py", "app/__init__.py", "app/core/supervisor.py"}
    found = set()
    for path in [*Path(ROOT, "app").rglob("*.py"), ROOT / "config.py", ROOT / "run.py"]:
        if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8")):
            found.add(str(path.relative_to(ROOT)))
    assert found <= readers
