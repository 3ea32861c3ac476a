"""Show the mails that the catcher has kept, as a mail client would, while no mail server is set."""

from __future__ import annotations

from io import BytesIO

from flask import Response, current_app, request, send_file, url_for
from flask_appbuilder import BaseView, expose, has_access

from app.core.errors import NotFound
from app.core.words import say
from app.mailer.smtp.caught import CaughtMails
from app.web.current import current_actor
from app.web.security_headers import own_policy

PAGE_SIZE = 25
PDF = "application/pdf"
# A mail's HTML is a stranger's: it runs nothing, sends nothing, loads nothing, and learns nothing of this application.
MAIL_POLICY = {
    "default-src": "'none'",
    "img-src": "data:",
    "style-src": "'unsafe-inline'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": "",
}


class InboxView(BaseView):
    """The caught mails: a list, and each mail with its bodies, its attachments and its source."""

    route_base = "/inbox"
    default_view = "list"
    class_permission_name = "inbox"
    method_permission_name = dict.fromkeys(("list", "show", "html", "part", "source"), "read")

    @expose("/")
    @has_access
    def list(self) -> str:
        """List the mails, the newest first."""
        mails = _mails()
        page = max(request.args.get("page", 1, type=int), 1)
        rows, count = mails.page(offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        first = (page - 1) * PAGE_SIZE + 1
        pages = {
            "page": page,
            "first_row": first if rows else 0,
            "last_row": first + len(rows) - 1,
            "previous_url": url_for(f"{self.endpoint}.list", page=page - 1) if page > 1 else None,
            "next_url": url_for(f"{self.endpoint}.list", page=page + 1) if page * PAGE_SIZE < count else None,
        }
        return self.render_template("mailer/inbox.html", mails=rows, count=count, pages=pages)

    @expose("/<mail_id>")
    @has_access
    def show(self, mail_id: str) -> str:
        """Show one mail."""
        mails = _mails()
        return self.render_template(
            "mailer/inbox_mail.html",
            mail=mails.get(mail_id),
            headers=mails.headers(mail_id),
            text=mails.body(mail_id, "plain"),
            has_html=mails.body(mail_id, "html") is not None,
            attachments=[part for part in mails.parts(mail_id) if part.is_attachment],
            pdf=PDF,
        )

    @expose("/<mail_id>/html")
    @has_access
    @own_policy(MAIL_POLICY)
    def html(self, mail_id: str) -> Response:
        """Give a mail's HTML body to its sandboxed frame."""
        body = _mails().body(mail_id, "html")
        if body is None:
            raise NotFound(say("This mail has no HTML."))
        return Response(body, content_type="text/html; charset=utf-8")

    @expose("/<mail_id>/part/<int:number>")
    @has_access
    def part(self, mail_id: str, number: int) -> Response:
        """Give an attachment: as a download, or a PDF to look at with `?inline=1`."""
        part = _mails().attachment(mail_id, number)
        inline = part.content_type == PDF and request.args.get("inline") == "1"
        answer = send_file(
            BytesIO(part.content),
            mimetype=part.content_type if inline else "application/octet-stream",
            as_attachment=not inline,
            download_name=part.filename or f"part-{number}",
        )
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    @expose("/<mail_id>/source")
    @has_access
    def source(self, mail_id: str) -> Response:
        """Give a mail's source as plain text."""
        answer = Response(_mails().raw(mail_id), content_type="text/plain; charset=utf-8")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def _mails() -> CaughtMails:
    """Return the catcher's mails; raises NotFound while a mail server is set, and for the staff of a dealer.

    A mail says nothing of whose customer it is about, so that there is no part of them to show to a dealer's staff.
    """
    if current_actor().dealer_code is not None:
        raise NotFound(say("There is nothing here."))
    settings = current_app.config["SETTINGS"]
    if not settings.uses_catcher:
        raise NotFound(say("Mails go to the mail server: none are caught."))
    return CaughtMails(settings.catcher_folder)
