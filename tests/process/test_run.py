"""The one command as it behaves when somebody starts it twice, kills a part of it, or stops it."""

import os
import signal
import socket
import subprocess

import pytest

from tests.process.doors import Rest
from tests.process.running import Demo, descendants, free_port, lives, run, wait_until

pytestmark = pytest.mark.process

PROCESSES = {"web", "worker", "catcher"}


def outcome(process):
    """Return the exit code of a run that ends by itself, and what it said."""
    try:
        said, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, said


def send_something(demo):
    """Make a customer with an invoice, send it, and wait until its mail is out."""
    program = Rest(demo.url)
    number = len(demo.mails().ids())
    account = f"MAIL-{number}"
    customer_id = program.add_customer(
        account_number=account,
        company_name=account,
        email=f"{account}@flows.example",
        email_billing=True,
        email_bill_type="short",
    )
    line = {"description": "One", "quantity": "1", "unit_price": "1.00", "tax_rate": "0"}
    invoice_id, _ = program.add_invoice(customer_id, [line])
    looked_at, _, _ = program.plan(invoice_id)
    program.send(invoice_id, looked_at)
    wait_until(lambda: set(program.states(invoice_id).values()) == {"sent"}, seconds=60, why=demo.said)
    recipients = [demo.mails().get(mail_id).envelope_recipients for mail_id in demo.mails().ids()]
    assert recipients.count((f"{account}@flows.example",)) == 1


def kill(demo, name, said):
    """Kill one of its processes; wait until that is told, another has taken its place, and all is well."""
    before = demo.family()
    assert set(before) == PROCESSES
    os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: f"The {said} stopped by signal SIGKILL" in demo.said(), seconds=30, why=demo.said)
    wait_until(lambda: demo.family().get(name, before[name]) != before[name], seconds=30, why=demo.said)
    wait_until(lambda: demo.health() == "ok", seconds=60, why=demo.said)
    assert {other: pid for other, pid in demo.family().items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }


def test_a_second_one_on_the_same_folder_is_refused_in_plain_words(demo):
    code, said = outcome(run(demo.folder, "--port", free_port()))
    assert code == 1
    assert f"Counterpart runs already on {demo.folder} (process {demo.process.pid})." in said
    assert "COUNTERPART_INSTANCE" in said
    assert "Traceback" not in said
    assert demo.health() == "ok"


def test_a_port_in_use_is_said_in_plain_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = outcome(run(tmp_path / "other", "--port", port))
    assert code == 1
    assert f"Counterpart can't listen on 127.0.0.1:{port}" in said
    assert "--port" in said
    assert "Traceback" not in said
    assert not (tmp_path / "other" / "counterpart.sqlite").exists()


def test_a_killed_worker_is_started_again_and_mail_flows(demo):
    kill(demo, "worker", "outbox worker")
    send_something(demo)


def test_a_killed_web_server_is_started_again_and_mail_flows(demo):
    kill(demo, "web", "web server")
    send_something(demo)


def test_a_stop_leaves_nobody_and_a_second_start_is_quick(tmp_path, capsys):
    running = Demo(tmp_path / "instance")
    try:
        running.start()
        members = descendants(running.process.pid)
        assert len(members) >= len(PROCESSES)
        running.stop()
        assert not any(map(lives, members))
        assert running.health() is None
        first = running.first_page_seconds
        running.start()
        running.stop()
    finally:
        running.end()
    told = f"first page {first:.1f} s after the very first start, {running.first_page_seconds:.1f} s after the next"
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201  a figure to look at
    # The bar is 3 s on a machine with nothing else to do; a machine that runs tests is none.
    assert running.first_page_seconds < 10
    assert running.said().count("Counterpart is ready") == 2
    assert running.said().count("Demo users:") == 1
