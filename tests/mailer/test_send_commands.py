"""`flask send` and `flask send-again`: the verbs of the screens and of REST, by the command line."""

from __future__ import annotations

import pytest

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.models import Message
from tests.core import making

OWN, ANN = "bills@acme.example", "ann@acme.example"


@pytest.fixture
def house(app):
    customer_id = making.billed()
    making.contact(customer_id, email=ANN, email_bill_type="short")
    return making.invoice(customer_id)


@pytest.fixture
def flask(app):
    """Return a function that runs a command, and gives its status and what it said."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        # A refusal is told beside the log, an answer apart from it.
        return done.exit_code, done.output if done.exit_code else done.stdout

    return run


def fingerprint_in(output: str) -> str:
    return output.rsplit("Fingerprint: ", 1)[1].strip()


@pytest.mark.usefixtures("house")
def test_a_dry_run_shows_the_plan_and_sends_nothing(flask):
    status, output = flask("send", "invoice", "AC1/1", "--as", "finance", "--dry-run")
    assert status == 0
    assert f"{OWN}: short\n{ANN}: short\nFingerprint: " in output
    assert making.messages() == []


@pytest.mark.usefixtures("house")
def test_it_sends_that_very_plan_and_the_trail_names_the_door(flask):
    _, output = flask("send", "invoice", "AC1/1", "--as", "finance", "--dry-run")
    status, said = flask("send", "invoice", "AC1/1", "--as", "finance", "--fingerprint", fingerprint_in(output))
    assert status == 0
    assert f"{OWN}: short (queued, message 1)" in said
    entry = making.trail()[-1]
    assert (entry.verb, entry.username, entry.door) == ("invoice:sent", "finance", "cli")


def test_a_plan_that_has_changed_is_refused_and_shown(flask, house):
    _, output = flask("send", "invoice", "AC1/1", "--as", "finance", "--dry-run")
    making.suppress(ANN)
    status, said = flask("send", "invoice", "AC1/1", "--as", "finance", "--fingerprint", fingerprint_in(output))
    assert status == 1
    assert "The plan has changed since you looked at it." in said
    assert f"{ANN}: not sent. The address is suppressed. It bounced." in said
    assert making.messages() == []


@pytest.mark.usefixtures("house")
def test_a_second_time_it_does_nothing_and_says_so(flask):
    flask("send", "invoice", "AC1/1", "--as", "finance", "--untick", ANN)
    assert list(making.states()) == [OWN]
    flask("send", "invoice", "AC1/1", "--as", "finance")
    status, said = flask("send", "invoice", "AC1/1", "--as", "finance")
    assert status == 0
    assert said.startswith("Nothing was sent.\n")
    assert f"{OWN}: not sent. The address has had this document already. Message 1 (queued)." in said
    assert len(making.messages()) == 2


@pytest.mark.usefixtures("house")
def test_again_needs_a_reason_and_somebody_who_had_it(flask):
    flask("send", "invoice", "AC1/1", "--as", "finance")
    again = ("send-again", "invoice", "AC1/1", "--as", "finance", "--to", OWN)
    assert flask(*again)[0] == 2
    status, said = flask(*again, "--reason", "Lost.")
    assert status == 1
    assert "is still on its way" in said
    with making.unaudited(), unit_of_work(db.session) as work:
        for one in work.query(Message):
            one.state = "sent"
    status, said = flask(*again, "--reason", "Lost by their server.")
    assert status == 0
    assert [(one.address, one.revision) for one in making.messages()] == [(OWN, 0), (ANN, 0), (OWN, 1)]
    assert making.trail()[-1].reason == "Lost by their server."


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("invoice", "AC1/9", "--as", "finance"), "There is no invoice with this number."),
        (
            ("letter", "AC1/1", "--as", "finance"),
            "There is no such kind of document; there is: correspondence, invoice, ticket.",
        ),
        (("invoice", "AC1/1", "--as", "nobody"), "There is no active user of this name."),
        (("invoice", "AC1/1", "--as", "support"), "Your role may not"),
        (("invoice", "AC1/1", "--as", "auditor"), "Your role may not"),
        (("invoice", "AC1/1", "--as", "north_finance"), "There is no invoice with this number."),
        (("invoice", "AC1/1", "--as", "finance", "--to", "nobody"), "nobody"),
    ],
)
def test_refusals(flask, words, refusal):
    status, said = flask("send", *words)
    assert status == 1
    assert refusal in said
    assert making.messages() == []
