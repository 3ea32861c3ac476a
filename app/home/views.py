"""The landing page: what needs a hand, and figures that lead to their lists."""

from __future__ import annotations

from flask import redirect
from flask_appbuilder import IndexView, expose
from flask_login import current_user

from app.extensions import db
from app.home import queries
from app.web.admin_view import Answer
from app.web.current import current_actor


class HomeView(IndexView):
    """The page that a login leads to."""

    index_template = "home/home.html"

    @expose("/")
    def index(self) -> Answer:
        """Show the figures of what the reader may see."""
        if not current_user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        actor = current_actor()
        return self.render_template(
            self.index_template,
            attention=queries.needs_a_hand(db.session(), actor),
            figures=queries.figures(db.session(), actor),
        )
