"""What is planted in customers, contacts and passwords is in no line that web and worker log over a whole send."""

from __future__ import annotations

import json

from app.mailer.jobs import run_worker
from tests.conftest import PASSWORD
from tests.core import making
from tests.mailer.smtp_servers import Server, running, saying

ADDRESS, NAME, SECRET, TOKEN = (
    "planted-address@planted.example",
    "Plantedname",
    "planted-password-9",
    "planted-token" * 3,
)
PLANTED = ("planted", "Planted", "PLANTED", PASSWORD, "bob@")


def drain(app, server):
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        run_worker(app, once=True)


def test_nothing_planted_is_logged_over_a_whole_send(app, login, api, logged):
    customer = making.billed("PLANTED", ADDRESS, company_name=NAME)
    browser, program = login("finance"), api("admin")
    invoice = making.invoice(customer)
    assert browser.get(f"/invoices/list/?q={NAME}").status_code == 200
    assert browser.get(f"/nothing/{NAME}?q={ADDRESS}").status_code == 404
    assert browser.post("/login/", data={"username": NAME, "password": SECRET}).status_code in (200, 302, 401)
    given = {"last_name": NAME, "email": ADDRESS, "account_password": SECRET, "customer_id": customer}
    assert program("post", "/api/v1/contact/", json={**given, "email_bill_type": "short"}).status_code == 201
    app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert browser.get(f"/invoices/{invoice}/send").status_code == 200
    assert program("post", f"/api/v1/invoice/{invoice}/send", json={}).status_code == 202
    trouble, refusing = Server(), Server()
    trouble.on_rcpt = saying(f"451 4.2.1 <{ADDRESS}> {NAME} is busy")
    refusing.on_rcpt = saying(f"550 5.1.1 <{ADDRESS}> {NAME} unknown")
    drain(app, trouble)
    (message,) = making.messages()
    assert message.state == "waiting"
    assert program("post", f"/api/v1/message/{message.id}/retry", json={}).status_code == 200
    drain(app, refusing)
    assert program("post", f"/api/v1/message/{message.id}/retry", json={}).status_code == 200
    drain(app, Server())
    assert making.messages()[0].state == "sent"
    text = logged()
    lines = [json.loads(line) for line in text.splitlines()]
    tried = [one for one in lines if one["event"].startswith("message")]
    assert [one["event"] for one in tried] == ["message_deferred", "message_failed", "messages_sent"]
    assert [one.get("message_id", one.get("message_ids")) for one in tried] == [message.id, message.id, [message.id]]
    assert [(one["code"], one["enhanced"]) for one in tried[:2]] == [("451", "4.2.1"), ("550", "5.1.1")]
    routes = {one["route"] for one in lines if one["event"] == "request_answered"}
    assert {"/invoices/<pk>/send", "/api/v1/invoice/<pk>/send", "/api/v1/message/<pk>/retry", None} <= routes
    assert {one["request_id"] for one in lines if one["event"] == "document_sent"}
    for planted in PLANTED:
        assert planted not in text, [line for line in text.splitlines() if planted in line][:3]
