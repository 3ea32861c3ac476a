"""Threading of mails as mail programs do it: Jamie Zawinski's algorithm (jwz.org/doc/threading.html), steps 1 to 5."""

from __future__ import annotations

import re

_ID = re.compile(r"<[^<>\s]+>")
_REPLY = re.compile(r"^\s*(re|aw)\s*:\s*", re.IGNORECASE)


class Container:
    """A place in a thread: a mail, or one that is only spoken of."""

    def __init__(self):
        self.mail = None
        self.parent = None
        self.children = []

    def adopt(self, child):
        if child.parent is not None:
            child.parent.children.remove(child)
        child.parent = self
        self.children.append(child)

    def is_below(self, other):
        return self is other or (self.parent is not None and self.parent.is_below(other))


def threads(mails):
    """Return the roots of the threads of some mails."""
    table = {}
    for mail in mails:
        _place(table, mail)
    roots = [one for one in table.values() if one.parent is None]
    return _by_subject([kept for root in roots for kept in _pruned(root)])


def _place(table, mail):
    own = table.setdefault(mail["Message-ID"].strip(), Container())
    assert own.mail is None, "two mails of one Message-ID"
    own.mail = mail
    named = _ID.findall(mail.get("References", "")) or _ID.findall(mail.get("In-Reply-To", ""))[:1]
    before = None
    for one in named:
        at = table.setdefault(one, Container())
        if before is not None and at.parent is None and not before.is_below(at):
            before.adopt(at)
        before = at
    if before is not None and not before.is_below(own):
        before.adopt(own)


def _pruned(container):
    """Take out what was only spoken of, as step 4 does."""
    children = [kept for child in container.children for kept in _pruned(child)]
    if container.mail is not None:
        container.children = children
        for child in children:
            child.parent = container
        return [container]
    if len(children) <= 1 or container.parent is not None:
        return children
    container.children = children
    return [container]


def _by_subject(roots):
    """Put roots of one subject together, as step 5 does, where one of them is an answer."""
    kept = {}
    found = []
    for root in roots:
        mail = root.mail if root.mail is not None else root.children[0].mail
        subject = _REPLY.sub("", mail["Subject"])
        if subject in kept and _REPLY.match(mail["Subject"]):
            kept[subject].adopt(root)
            continue
        kept.setdefault(subject, root)
        found.append(root)
    return found


def mails_of(root):
    """Return the mails of a thread, depth first."""
    own = [root.mail] if root.mail is not None else []
    return own + [mail for child in root.children for mail in mails_of(child)]


def depth(root):
    """Return how many mails stand one below the other."""
    return (root.mail is not None) + max((depth(child) for child in root.children), default=0)
