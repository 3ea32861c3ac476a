"""A mail server of ours over plain sockets that misbehaves at each step as it is told, and counts what it has taken."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from contextlib import contextmanager

STEPS = ("greeting", "ehlo", "mail", "rcpt", "data", "body")
GOOD = {
    "greeting": "220 mail.hostile.example ESMTP",
    "mail": "250 2.1.0 Sender taken",
    "rcpt": "250 2.1.5 Recipient taken",
    "data": "354 Go ahead",
    "body": "250 2.0.0 Queued as 17",
}
# What it may do in place of an answer.
CLOSE, HANG, DRIP, MIDWAY, TAKE_AND_CLOSE = "close", "hang", "drip", "midway", "take and close"


class Hostile:
    """Asks `misbehave(step, recipient)` before each answer: None for a good one, words of its own, or a misdeed.

    `accepted` counts the Message-IDs of the mails that it has taken over, whether or not it could say so.
    """

    def __init__(self, misbehave=None, *, extensions=("SIZE 10000000", "8BITMIME")):
        self.misbehave = misbehave or (lambda _step, _recipient: None)
        self.extensions = extensions
        self.accepted = Counter()
        self.connections = 0
        self.mails_begun = []
        self.stopped = threading.Event()


class _Talk(socketserver.StreamRequestHandler):
    timeout = 20
    recipient = ""

    def handle(self):
        server = self.server.hostile
        server.connections += 1
        try:
            if self._say("greeting"):
                while (line := self.rfile.readline()) and self._answer(line.decode("utf-8", "replace").strip()):
                    pass
        except OSError:
            pass

    def _answer(self, line):
        """Answer one command; tell whether there may be another."""
        verb = line.partition(" ")[0].upper()
        if verb in {"EHLO", "HELO"}:
            lines = ["mail.hostile.example", *self.server.hostile.extensions]
            text = "\r\n".join(f"250{' ' if one is lines[-1] else '-'}{one}" for one in lines)
            return self._say("ehlo", text)
        if verb == "AUTH":
            return self._write(self.server.hostile.misbehave("auth", "") or "235 2.7.0 Welcome")
        if verb == "MAIL":
            return self._say("mail")
        if verb == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
            self.server.hostile.mails_begun.append(self.recipient)
            return self._say("rcpt")
        if verb == "DATA":
            return self._data()
        if verb == "QUIT":
            self._write("221 2.0.0 Bye")
            return False
        return self._write("250 2.0.0 As you like")

    def _data(self):
        misdeed = self.server.hostile.misbehave("data", self.recipient)
        if misdeed == MIDWAY:
            self._write(GOOD["data"])
            self.rfile.read(200)
            return False
        if misdeed not in {None, DRIP}:
            return self._misbehave(misdeed, GOOD["data"])
        if misdeed == DRIP:
            self._misbehave(DRIP, GOOD["data"])
        else:
            self._write(GOOD["data"])
        message_id = ""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            if line.lower().startswith(b"message-id: ") and not message_id:
                message_id = line.split(b" ", 1)[1].strip().decode()
        misdeed = self.server.hostile.misbehave("body", self.recipient)
        if misdeed in (None, DRIP, TAKE_AND_CLOSE):
            self.server.hostile.accepted[message_id] += 1
        if misdeed is None:
            return self._write(GOOD["body"])
        return self._misbehave(misdeed, GOOD["body"])

    def _say(self, step, good=None):
        good = good or GOOD[step]
        misdeed = self.server.hostile.misbehave(step, self.recipient)
        return self._write(good) if misdeed is None else self._misbehave(misdeed, good)

    def _misbehave(self, misdeed, good):
        if misdeed in {CLOSE, TAKE_AND_CLOSE, MIDWAY}:
            return False
        if misdeed == HANG:
            self.server.hostile.stopped.wait(20)
            return False
        if misdeed == DRIP:
            for byte in f"{good}\r\n".encode():
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.002)
            return True
        self._write(misdeed)
        return not misdeed.startswith(("421", "554 5.3.2"))

    def _write(self, text):
        self.wfile.write(f"{text}\r\n".encode())
        self.wfile.flush()
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


@contextmanager
def hostile(server, *, port=0):
    """Serve on a port of loopback, a free one by default, which is what this gives."""
    tcp = _Server(("127.0.0.1", port), _Talk)
    tcp.hostile = server
    thread = threading.Thread(target=tcp.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tcp.server_address[1]
    finally:
        server.stopped.set()
        tcp.shutdown()
        tcp.server_close()
        thread.join(10)
