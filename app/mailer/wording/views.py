"""The screens of mail templates: the list, what each says, the form with its preview, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.cleaning import clean_values
from app.core.errors import Invalid
from app.core.words import say
from app.extensions import db
from app.mailer.screens.inbox import MAIL_POLICY
from app.mailer.wording import preview, queries, service
from app.mailer.wording.differences import shown_differences
from app.mailer.wording.fields import TEMPLATE_FIELDS
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.names import FIELD_NAMES, KIND_NAMES, LANGUAGE_NAMES
from app.mailer.wording.placeholders import PLACEHOLDERS
from app.mailer.wording.resource import MAIL_TEMPLATE
from app.mailer.wording.sandbox import FILTERS
from app.mailer.wording.shipped import Template
from app.mailer.wording.template_kinds import TemplateKind
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import tag
from app.web.panels import Action, Tab, register_action, register_tab
from app.web.request_filters import id_or_404
from app.web.security_headers import own_policy

_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"


class MailTemplateView(AdminView):
    """Mail templates: one of each kind of document and language."""

    resource = MAIL_TEMPLATE
    route_base = "/mail-templates"
    method_permission_name = {"preview": "read", "tried": "update", "use_shipped": "update"}
    list_columns = ["label", "subject", "edited"]
    list_choices = ["last_modified_at"]
    search_hint = say("invoice, correspondence or ticket_update; en or de; or a word of an edited subject.")
    sections = (
        (say("Mail template"), ("kind", "language", "edited", "subject")),
        (say("System Information"), ("created_at", "last_modified_at")),
    )
    description_columns = {
        "subject": say("One line, with placeholders in double braces."),
        "text": say("What a mail program without HTML shows. What it may hold stands below the form."),
        "html": say("A whole page with its styles in the head: they are put at each element when it is saved."),
    }

    def cell(self, record: MailTemplate, name: str) -> Any:
        """Show names for codes, and whether anything differs from what the program ships."""
        if name == "edited":
            return edited_tag(record)
        if name == "kind":
            return KIND_NAMES[TemplateKind(record.kind)]
        if name == "language":
            return LANGUAGE_NAMES[record.language]
        return record.label if name == "label" else super().cell(record, name)

    def record_title(self, record: MailTemplate) -> str:
        """Return what it is for, and in which language."""
        return record.label

    def badges(self, record: MailTemplate) -> list[Any]:
        """Mark one that is edited."""
        return [edited_tag(record)]

    def _form_sections(self, _form: Any, _record: Any, _preset: Mapping[str, object]) -> Any:
        return [{"label": say("Words"), "fields": list(Template._fields), "fixed": []}]

    def extra_context(self, record: Any, _given: Mapping[str, object] | None) -> dict[str, Any]:
        """Give the form its preview, and the list of what templates may hold."""
        kind = TemplateKind(record.kind)
        return {
            "extra_template": "mailer/template_edit.html",
            "preview_url": url_for("MailTemplateView.tried", pk=record.id),
            # What was typed into a form that came back is not what is saved: it is shown when it is asked for.
            "shown_url": url_for("MailTemplateView.preview", pk=record.id) if request.method == "GET" else None,
            "preview_of": request.form.get("preview_of", ""),
            "preview_choices": preview.choices(db.session(), current_actor(), kind=kind),
            "placeholders": PLACEHOLDERS[kind],
            "template_filters": FILTERS,
        }

    @expose("/<pk>/preview", methods=["GET"])
    @has_access
    @own_policy(MAIL_POLICY)
    def preview(self, pk: str) -> Answer:
        """Show the mail that the template makes, as it is saved."""
        template = queries.template(db.session(), current_actor(), template_id=id_or_404(pk))
        return self._preview_page(template, template.wording, request.args.get("preview_of", ""))

    @expose("/<pk>/tried", methods=["POST"])
    @has_access
    @own_policy(MAIL_POLICY)
    def tried(self, pk: str) -> Answer:
        """Show the mail that the template would make as it is typed in; nothing is saved and nothing sent."""
        actor = current_actor()
        ensure(actor, Operation.UPDATE, "mail_template")
        template = queries.template(db.session(), actor, template_id=id_or_404(pk))
        typed = {name: request.form.get(name, "") for name in Template._fields}
        values, errors = clean_values(TEMPLATE_FIELDS, typed)
        if errors:
            return self._refused_page(Invalid(say("This can't be saved as it is."), errors=errors))
        return self._preview_page(template, Template(**values), request.form.get("preview_of", ""))

    def _preview_page(self, template: MailTemplate, wording: Template, choice: str) -> Answer:
        try:
            made = preview.previewed(
                db.session(),
                current_actor(),
                kind=TemplateKind(template.kind),
                language=template.language,
                template=wording,
                choice=choice,
            )
        except Invalid as error:
            return self._refused_page(error)
        looks = [(say("Light"), _coloured(made.html, "light")), (say("Dark"), _coloured(made.html, "dark"))]
        return self.render_template("mailer/template_preview.html", mail=made, looks=looks)

    def _refused_page(self, error: Invalid) -> Answer:
        names = {**FIELD_NAMES, "preview_of": say("Document")}
        told = [(names.get(name, name), texts) for name, texts in error.errors.items()]
        return self.render_template("mailer/template_preview.html", mail=None, refused=told), error.status

    @expose("/<pk>/use-shipped", methods=["GET", "POST"])
    @has_access
    def use_shipped(self, pk: str) -> Answer:
        """Ask, and go back to the template that comes with the program."""
        actor, number = current_actor(), id_or_404(pk)
        template = queries.template(db.session(), actor, template_id=number)
        return self.confirmed(
            title=say("Use the shipped template"),
            text=say("Go back to the shipped template? Your own words stay in the history."),
            submit_label=say("Use the shipped template"),
            record=template,
            run=lambda session, version: service.use_shipped(session, actor, template_id=number, version=version),
            done=say("The shipped template is in use again."),
            after=self.show_url(number),
            touches=[FIELD_NAMES[name] for name in template.edited],
            danger=True,
        )


def register() -> None:
    """Put the tabs and the menu entry in place."""
    name = MAIL_TEMPLATE.name
    register_tab(
        name,
        Tab("preview", say("Preview"), name, "mailer/template_tab.html", count=lambda *_: None, context=_preview_tab),
    )
    register_tab(
        name,
        Tab(
            "differences",
            say("Differences"),
            name,
            "mailer/template_differences.html",
            count=lambda _session, _actor, template: len(template.edited),
            context=lambda _session, _actor, template: {"parts": shown_differences(template)},
        ),
    )
    register_action(
        name,
        Action(
            say("Use the shipped template"),
            name,
            Operation.UPDATE,
            lambda template: url_for("MailTemplateView.use_shipped", pk=template.id),
            icon="restore",
            applies=lambda template: bool(template.edited),
        ),
    )


def edited_tag(template: MailTemplate) -> Any:
    """Return the mark that says whether a template is edited."""
    return tag(say("Edited"), "info") if template.edited else tag(say("As shipped"))


def _preview_tab(session: Any, actor: Actor, template: MailTemplate) -> dict[str, Any]:
    chosen = request.args.get("preview_of", "")
    return {
        "url": url_for("MailTemplateView.preview", pk=template.id, preview_of=chosen or None),
        "chosen": chosen,
        "choices": preview.choices(session, actor, kind=TemplateKind(template.kind)),
    }


def _coloured(html: str, scheme: str) -> str:
    """Return a mail as one of the two colour schemes shows it, whatever the screen of its reader has."""
    return _SCHEME.sub(lambda found: _ALWAYS if found.group(1).lower() == scheme else _NEVER, html)
