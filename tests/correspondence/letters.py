"""Makers of letters for their tests, and the mails that leave."""

from __future__ import annotations

import email
import io
import threading
import zipfile
from email.policy import default as mail_policy

from app.correspondence import dispatch, service
from app.extensions import db
from app.mailer.delivery import sending as delivery
from app.mailer.planning.choices import Choices
from app.mailer.smtp.connection import connect
from tests.core import making
from tests.mailer.smtp_servers import Server, running

BODY = "Dear {{ first_name }} {{ last_name }},\n\nwe **change** your line.\n\n- On 7 March\n- At [night](https://acme.example)"
CLASSES = ("billing", "credit_control", "customer_services", "marketing")
PDF = b"%PDF-1.7\nfile\n%%EOF\n"


def kind(name: str = "customer_services") -> int:
    """Make a correspondence type of a class; return its id."""
    return making.lookup("correspondence_type", f"Type {name}", correspondence_class=name)


def customer(account: str = "AC1", **values: object) -> int:
    """Make a customer who is written to."""
    given = {"first_name": "Dana", "last_name": "Whitfield", "email": "main@acme.example, further@acme.example"}
    return making.customer(account, **{**given, **values})


def letter(customer_id: int, type_id: int, who: object = None, **values: object) -> int:
    """Write a letter; return its id."""
    given = {"customer_id": customer_id, "correspondence_type": type_id, "subject": "Your line", "body": BODY}
    return making.run(service.create_letter, who, values={**given, **values}).id


def send(letter_id: int, who: object = None, *, fingerprint: str | None = None, **choices: object) -> object:
    """Send a letter; return the plan that was executed."""
    chosen = Choices.checked(recipients=choices.get("recipients"), untick=choices.get("untick"))
    return making.run(
        dispatch.send_letter,
        who,
        letter_id=letter_id,
        choices=chosen,
        fingerprint=fingerprint,
        defaults=making.DEFAULTS,
    )


def deliver(app):
    """Send what is due by SMTP; return address and mail of each."""
    server = Server()
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app) as connection:
            delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    return {recipients[0]: email.message_from_bytes(data, policy=mail_policy) for _, recipients, data in server.mails}


def office_file(*names: str) -> bytes:
    """Return a ZIP with these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")
    return made.getvalue()
