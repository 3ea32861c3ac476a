"""The verbs of mail templates: change one, and go back to the shipped one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, FieldErrors
from app.core.records import check_version
from app.core.words import say
from app.lookups.editing import prepare_change
from app.mailer.wording import queries
from app.mailer.wording.checks import template_errors
from app.mailer.wording.fields import TEMPLATE_FIELDS
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.shipped import Template
from app.mailer.wording.template_kinds import TemplateKind


def update_template(
    session: Session, actor: Actor, *, template_id: int, values: Mapping[str, object], version: int | None = None
) -> MailTemplate:
    """Change the words of a kind of mail; mails that are made already keep theirs.

    Raises Forbidden, NotFound, Stale, and Invalid where the template could not make every mail.
    """
    ensure(actor, Operation.UPDATE, "mail_template")
    template = queries.template(session, actor, template_id=template_id, lock=True)
    check_version(template, version)

    def rule(merged: Mapping[str, Any]) -> FieldErrors:
        parts = Template(*(merged[name] or "" for name in Template._fields))
        return template_errors(TemplateKind(template.kind), parts)

    edit = prepare_change(
        session,
        actor,
        resource="mail_template",
        fields=TEMPLATE_FIELDS,
        record=template,
        given=values,
        rule=rule,
    )
    if edit.changes:
        edit.apply(template)
        _record(session, actor, Verb.MAIL_TEMPLATE_UPDATED, template, edit.trail())
    return template


def use_shipped(session: Session, actor: Actor, *, template_id: int, version: int | None = None) -> MailTemplate:
    """Go back to the shipped template. Raises Forbidden, NotFound, Stale, and Conflict where it is in use already."""
    ensure(actor, Operation.UPDATE, "mail_template")
    template = queries.template(session, actor, template_id=template_id, lock=True)
    check_version(template, version)
    edited = template.edited
    if not edited:
        raise Conflict(say("The shipped template is in use already."), code="shipped")
    changes = {name: (getattr(template, name), getattr(template.shipped, name)) for name in edited}
    template.subject = template.text = template.html = None
    template.last_modified_at = clock.now()
    _record(session, actor, Verb.MAIL_TEMPLATE_SHIPPED, template, changes)
    return template


def _record(
    session: Session, actor: Actor, verb: Verb, template: MailTemplate, changes: Mapping[str, tuple[Any, Any]]
) -> None:
    audit.record(session, actor, verb=verb, touched=[Touch("mail_template", template.id, str(template.label), changes)])
