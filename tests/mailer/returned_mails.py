"""Mails that come back, in the shape of what servers write; `to` is who they come to, `address` who was not reached."""

TO = "billing+token@issuer.example"
ADDRESS = "jo@client.example"
OURS = "<invoice.7.0123456789abcdef@issuer.example>"


def _lines(*lines):
    return "\r\n".join([*lines, ""]).encode()


def report(
    *,
    to=TO,
    address=ADDRESS,
    original="",
    action="failed",
    status="5.1.1",
    diagnostic="smtp; 550 5.1.1 <jo@client.example>: Recipient address rejected: User unknown",
    message_id=OURS,
    own_id="<20260301120000.4A6F1@mx.client.example>",
    more=(),
    status_type="message/delivery-status",
    headers_type="text/rfc822-headers",
    kind="rfc822",
):
    """Return a report by the standard (RFC 3464), as Postfix writes it. `more` are (address, action, status)."""
    blocks = [(address, action, status, diagnostic), *((*one, "") for one in more)]
    fields = []
    for to_whom, what, code, words in blocks:
        fields += ["", f"Final-Recipient: {kind}; {to_whom}"]
        fields += [f"Original-Recipient: {kind}; {original}"] if original else []
        fields += [f"Action: {what}", f"Status: {code}"]
        fields += [f"Diagnostic-Code: {words}"] if words else []
    return _lines(
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.client.example (Mail Delivery System)",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        f"Message-ID: {own_id}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="edge"',
        "",
        "--edge",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "This is the mail system at host mx.client.example. Your mail could not be delivered.",
        "",
        "--edge",
        f"Content-Type: {status_type}",
        "",
        "Reporting-MTA: dns; mx.client.example",
        "X-Postfix-Sender: rfc822; billing@issuer.example",
        *fields,
        "",
        "--edge",
        f"Content-Type: {headers_type}",
        "",
        *([f"Message-ID: {message_id}"] if message_id else []),
        "Subject: Invoice AC1/1",
        "",
        "--edge--",
    )


def exim(*, to=TO, address=ADDRESS, message_id=OURS):
    """Return what Exim writes: words for people, and a field that names who was not reached."""
    return _lines(
        f"X-Failed-Recipients: {address}",
        "Auto-Submitted: auto-replied",
        "From: Mail Delivery System <Mailer-Daemon@mx.client.example>",
        f"To: {to}",
        "Subject: Mail delivery failed: returning message to sender",
        "Message-Id: <E1abcde-0001@mx.client.example>",
        "",
        "This message was created automatically by mail delivery software.",
        "",
        "A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.",
        "",
        f"  {address}",
        "    host mx.client.example [192.0.2.1]",
        "    SMTP error from remote mail server after RCPT TO: 550 5.1.1 No such user here",
        "",
        "------ This is a copy of the message, including all the headers. ------",
        "",
        f"Message-ID: {message_id}",
    )


def qmail(*, to=TO, address=ADDRESS, message_id=OURS):
    """Return what qmail writes, which keeps to no standard but its own."""
    return _lines(
        "From: MAILER-DAEMON@mx.client.example",
        f"To: {to}",
        "Subject: failure notice",
        "",
        "Hi. This is the qmail-send program at mx.client.example.",
        "I'm afraid I wasn't able to deliver your message to the following addresses.",
        "This is a permanent error; I've given up. Sorry it didn't work out.",
        "",
        f"<{address}>:",
        "Sorry, no mailbox here by that name. (#5.1.1)",
        "",
        "--- Below this line is a copy of the message.",
        "",
        "Return-Path: <billing@issuer.example>",
        f"Message-ID: {message_id}",
        "Subject: Invoice AC1/1",
        "",
        "The invoice.",
    )


def full_mailbox(**changed):
    """Return the report of a mailbox that takes nothing more, as Exchange writes it."""
    words = "smtp;552 5.2.2 STOREDRV.Deliver; mailbox full. The recipient's mailbox can't accept messages"
    return report(status="5.2.2", diagnostic=words, headers_type="message/rfc822", **changed)


def late(**changed):
    """Return the notice that a mail is late, which fails nobody yet."""
    return report(action="delayed", status="4.4.1", diagnostic="smtp; 451 4.4.1 no answer from host", **changed)


def answer(*, to=TO, **fields):
    """Return what a program answers while somebody is away."""
    header = fields or {"Auto-Submitted": "auto-replied", "Precedence": "bulk"}
    return _lines(
        "Return-Path: <>",
        f"From: Jo <{ADDRESS}>",
        f"To: {to}",
        f"Subject: {header.pop('Subject', 'Re: Invoice AC1/1')}",
        *(f"{name}: {value}" for name, value in header.items()),
        f"In-Reply-To: {OURS}",
        "",
        "I am away until Monday.",
        f"If this is urgent, write to {ADDRESS}.",
    )
