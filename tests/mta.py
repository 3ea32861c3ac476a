"""A real mail server of Debian's packages for tests: Postfix and Dovecot on loopback, apart from the system's own.

All that they write is in a folder of the test's own; their ports are free ones. Both are started as root, as they
want to be, and run as users of their own.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = {"/usr/sbin/postfix": "postfix", "/usr/sbin/dovecot": "dovecot-imapd"}
DOMAIN = "issuer.example"
CLIENT = "client.example"
# Whose mailbox bounces come to, on the system as in mail.
USER = "nobody"
PASSWORD = "Loopback-only-7"
SECONDS = 30.0

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.client.example
mydomain = client.example
myorigin = client.example
mydestination =
relay_domains =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {domain}, {client}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {user}@{domain}={user}/ }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
recipient_delimiter = +
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
# Taken first, and returned later: as behind a server that only hands on.
smtpd_reject_unlisted_recipient = no
smtputf8_enable = yes
alias_maps =
local_recipient_maps =
notify_classes =
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True, kw_only=True)
class Mta:
    """A running mail server. Mail to `USER@DOMAIN`, with anything after a `+`, is delivered; all else comes back."""

    folder: Path
    smtp_port: int
    imap_port: int

    @property
    def maildir(self) -> Path:
        """The folder that delivered mails are in."""
        return self.folder / "mail" / USER

    @property
    def certificate(self) -> Path:
        """The certificate that the IMAP server shows: for `localhost`, signed by itself."""
        return self.folder / "cert.pem"

    def delivered(self, count: int = 1) -> list[bytes]:
        """Wait until so many mails lie in the mailbox; return them, oldest first."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = sorted(self.maildir.glob("new/*")) + sorted(self.maildir.glob("cur/*"))
            if len(found) >= count:
                return [file.read_bytes() for file in sorted(found, key=lambda file: file.stat().st_mtime_ns)]
            time.sleep(0.05)
        raise AssertionError(f"{count} mails were waited for. The server's log:\n{self.log}")

    @property
    def log(self) -> str:
        """What the servers wrote."""
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def running_mta() -> Iterator[Mta]:
    """Run Postfix and Dovecot for the time of a block. Raises RuntimeError, in plain words, where they are missing."""
    missing = [package for file, package in NEEDED.items() if not os.access(file, os.X_OK)]
    if missing:
        raise RuntimeError(f"A real mail server is missing. Install it: apt-get install {' '.join(missing)}")
    if os.geteuid() != 0:
        raise RuntimeError("Postfix and Dovecot can only be started by root: run these tests as root.")
    # A socket's path has a hundred characters or so: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="mta"))
    try:
        folder.chmod(0o755)
        mta = Mta(folder=folder, smtp_port=_free_port(), imap_port=_free_port())
        _set_up(mta)
        with _postfix(mta), _dovecot(mta):
            yield mta
    finally:
        shutil.rmtree(folder)


def _set_up(mta: Mta) -> None:
    owner = pwd.getpwnam(USER)
    values = {
        "folder": mta.folder,
        "domain": DOMAIN,
        "client": CLIENT,
        "user": USER,
        "uid": owner.pw_uid,
        "gid": owner.pw_gid,
        "port": mta.smtp_port,
        "imap_port": mta.imap_port,
        "password": PASSWORD,
    }
    for name in ("etc", "queue", "data", "mail"):
        (mta.folder / name).mkdir()
    postfix = pwd.getpwnam("postfix")
    os.chown(mta.folder / "data", postfix.pw_uid, postfix.pw_gid)
    os.chown(mta.folder / "mail", owner.pw_uid, owner.pw_gid)
    assert grp.getgrnam("postdrop")
    (mta.folder / "etc" / "main.cf").write_text(_MAIN.format(**values))
    (mta.folder / "etc" / "master.cf").write_text(_MASTER.format(**values))
    (mta.folder / "dovecot.conf").write_text(_DOVECOT.format(**values))
    _make_certificate(mta.folder)


def _make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def _postfix(mta: Mta) -> Iterator[None]:
    command = ["/usr/sbin/postfix", "-c", str(mta.folder / "etc")]
    _run([*command, "start"], mta)
    try:
        _await(mta.smtp_port, mta)
        yield
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True)


@contextlib.contextmanager
def _dovecot(mta: Mta) -> Iterator[None]:
    command = ["/usr/sbin/dovecot", "-c", str(mta.folder / "dovecot.conf")]
    _run(command, mta)
    try:
        _await(mta.imap_port, mta)
        yield
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True)


def _run(command: list[str], mta: Mta) -> None:
    # Into a file: a pipe would stay open for as long as what is started runs.
    with (mta.folder / "start.log").open("ab") as log:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {mta.log}")


def _await(port: int, mta: Mta) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"Nothing answers on port {port}. The log:\n{mta.log}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
