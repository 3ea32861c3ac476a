"""Two workers on PostgreSQL drain one outbox: every message leaves once, and neither waits for the other."""

from __future__ import annotations

import threading
from collections import Counter
from email import message_from_bytes

import pytest
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from app.mailer.delivery import sending as delivery
from app.mailer.smtp.connection import connect
from tests.conftest import postgresql_database, settings_for
from tests.core import making
from tests.mailer.smtp_servers import Server, running

pytestmark = pytest.mark.services
ADDRESSES, DOCUMENTS = 50, 10


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def app(tmp_path, server):
    with postgresql_database() as url, running(server) as port:
        mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port)}
        application = create_app(settings_for(tmp_path, url, **mail))
        with application.app_context():
            upgrade()
            yield application
            db.session.remove()
            db.engine.dispose()


def test_five_hundred_messages_leave_once_each(app, server):
    for number in range(DOCUMENTS):
        emails = ", ".join(f"p{one}@c{number}.example" for one in range(ADDRESSES))
        making.send(making.invoice(making.billed(f"AC{number}", emails)))
    assert Counter(making.states().values()) == {"queued": ADDRESSES * DOCUMENTS}
    db.session.remove()

    def drain(name):
        def act():
            with connect(app) as connection:
                return delivery.drain(db.session, connection, worker=name, sender=None, stop=threading.Event())

        return act

    results = making.at_once(app, [drain("one"), drain("two")], seconds=240)
    assert all(isinstance(one, int) for one in results), results
    assert sum(results) == ADDRESSES * DOCUMENTS
    assert min(results) > ADDRESSES
    assert Counter(making.states().values()) == {"sent": ADDRESSES * DOCUMENTS}
    sent = Counter(message_from_bytes(content)["Message-ID"] for _, _, content in server.mails)
    assert set(sent.values()) == {1}
    assert set(sent) == {one.message_id for one in making.messages()}
