"""What the screens and REST of mail templates have in common."""

from __future__ import annotations

from sqlalchemy import or_

from app.core.words import say
from app.mailer.wording import queries, service
from app.mailer.wording.fields import TEMPLATE_FIELDS
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.names import FIELD_NAMES
from app.mailer.wording.template_kinds import TemplateKind
from app.web.resource import Resource

MAIL_TEMPLATE = Resource(
    name="mail_template",
    label=say("Mail template"),
    plural=say("Mail templates"),
    labels={
        **FIELD_NAMES,
        "kind": say("Kind of document"),
        "language": say("Language"),
        "edited": say("Edited"),
        "label": say("Template"),
    },
    model=MailTemplate,
    fields=TEMPLATE_FIELDS,
    rows=queries.templates,
    get=lambda session, actor, number: queries.template(session, actor, template_id=number),
    orders={"id": MailTemplate.id, "kind": MailTemplate.kind, "language": MailTemplate.language},
    default_order="id",
    filters={"id": MailTemplate.id, "kind": MailTemplate.kind, "language": MailTemplate.language},
    read_only={
        "kind": lambda template: TemplateKind(template.kind).value,
        "language": lambda template: template.language,
        "edited": lambda template: template.edited,
    },
    matching=lambda text: or_(
        *(
            column.icontains(text, autoescape=True)
            for column in (MailTemplate.kind, MailTemplate.language, MailTemplate.subject)
        )
    ),
    update=lambda session, actor, number, values, version: service.update_template(
        session, actor, template_id=number, values=values, version=version
    ),
)
