"""The pages of logins, users and roles: Flask-AppBuilder's, made safe and put into the house's words."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, request, session
from flask_appbuilder.const import FLAMSG_ERR_SEC_ACCESS_DENIED
from flask_appbuilder.hooks import before_request
from flask_appbuilder.models.sqla.filters import FilterInFunction
from flask_appbuilder.security.api import SecurityApi
from flask_appbuilder.security.decorators import has_access, no_cache
from flask_appbuilder.security.views import (
    AuthDBView,
    ResetMyPasswordView,
    RoleModelView,
    UserDBModelView,
    UserInfoEditView,
)
from flask_appbuilder.security.views import ResetPasswordView as ItsResetPasswordView
from flask_appbuilder.utils.limit import Limit
from flask_appbuilder.views import expose
from flask_babel import lazy_gettext
from flask_limiter.util import get_remote_address
from flask_login import logout_user
from werkzeug.wrappers import Response
from wtforms.validators import DataRequired

from app.access.models import StaffUser
from app.access.names import name_of, name_of_operation
from app.access.table import TABLE, Role
from app.core.errors import Unreadable
from app.core.unit_of_work import begin_writing
from app.core.words import say
from app.extensions import db
from app.web.api_body import read_body
from app.web.api_query import is_encodable
from app.web.errors import error_answer
from app.web.request_filters import GuardedListMixin, RequestFiltersMixin, SafeActionsMixin, id_or_404
from app.web.sessions import end_sessions
from app.web.user_sight import OwnDealer, UsersInSight, own_dealer_code, user_or_404
from app.web.words import tell

LOGIN_LIMIT = "10 per 60 second"


USER_PERMISSIONS = {"list": "read", "show": "read", "add": "create", "edit": "update", "delete": "delete"}
# Flask-AppBuilder keeps a role of its own for whoever isn't logged in, which no user is to have.
_OF_THE_TABLE = ["name", FilterInFunction, lambda: [role.value for role in Role]]


class LoginView(AuthDBView):
    """The login page. Logging out takes a POST, so that no other page can do it to somebody."""

    title = say("Log in")
    # Flask-AppBuilder makes a plain text of it before it is shown.
    invalid_login_message = lazy_gettext("This user name and password don't match.")

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Any:
        """Show the login; whoever was sent here is told why, and not that they were denied something."""
        flashes = session.get("_flashes", [])
        denied = [one for one in flashes if one[1] == FLAMSG_ERR_SEC_ACCESS_DENIED]
        if denied:
            session["_flashes"] = [one for one in flashes if one not in denied]
            tell(say("Log in to see this page."), "info")
        return super().login()

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Response:
        """End the session, here and for whoever copied its cookie."""
        user = self._get_authenticated_user()
        logout_user()
        session.clear()
        if user is not None:
            self.appbuilder.sm.on_user_logout(user)
        return redirect(self.appbuilder.get_url_for_login)


class MyPasswordView(ResetMyPasswordView):
    """Changing one's own password ends all of one's sessions, this one too."""

    message = lazy_gettext("Your password was changed. Log in with it.")
    form_title = say("Change your password")

    def form_post(self, form: Any) -> Response:
        """Set the password and start over at the login."""
        super().form_post(form)
        logout_user()
        return redirect(self.appbuilder.get_url_for_login)


class ResetPasswordView(ItsResetPasswordView):
    """Setting the password of a user in sight; its class's name is the permission's."""

    def form_get(self, form: Any) -> None:  # noqa: ARG002  Flask-AppBuilder's signature
        """Show the form, for somebody who is there."""
        user_or_404(request.args.get("pk"))


class UserView(RequestFiltersMixin, GuardedListMixin, SafeActionsMixin, UserDBModelView):
    """Users, for administrators. A user is deactivated, not deleted: the audit trail goes on naming them."""

    base_filters = [["id", UsersInSight, None]]
    class_permission_name = "user"
    method_permission_name = USER_PERMISSIONS
    exclude_route_methods = {"delete", "download", "action_post"}
    list_title = say("Users")
    add_title = say("Add user")
    edit_title = say("Edit user")
    show_title = say("User")
    user_info_title = say("Your profile")
    list_columns = ["username", "first_name", "last_name", "email", "roles", "dealer_code", "active"]
    order_columns = ["username", "first_name", "last_name", "email", "dealer_code", "active"]
    search_columns = ["username", "first_name", "last_name", "email", "dealer_code", "active"]
    show_fieldsets = [
        (say("User"), {"fields": ["username", "active", "roles", "dealer_code"]}),
        (say("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (say("Logins"), {"fields": ["last_login", "login_count", "fail_login_count"]}),
    ]
    user_show_fieldsets = [
        (say("User"), {"fields": ["username", "roles", "dealer_code"]}),
        (say("Person"), {"fields": ["first_name", "last_name", "email"]}),
    ]
    add_columns = ["first_name", "last_name", "username", "active", "email", "roles", "dealer_code"]
    add_columns += ["password", "conf_password"]
    edit_columns = ["first_name", "last_name", "username", "active", "email", "roles", "dealer_code"]
    add_form_query_rel_fields = edit_form_query_rel_fields = {"roles": [_OF_THE_TABLE]}
    label_columns = UserDBModelView.label_columns | {
        # Flask-AppBuilder writes these into placeholders too, as plain texts.
        "active": lazy_gettext("Active"),
        "roles": lazy_gettext("Roles"),
        "dealer_code": lazy_gettext("Dealer Code"),
        "username": lazy_gettext("User name"),
    }
    description_columns = {
        "active": say("Somebody who leaves is made inactive, not deleted."),
        "dealer_code": say("With a dealer code, only that dealer's customers are in sight."),
    }
    # Without a role, one could log in and see nothing, one's own profile included.
    validators_columns: dict[str, Any] = {
        "dealer_code": [OwnDealer()],
        "roles": [DataRequired(lazy_gettext("Choose a role."))],
    }

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """Make a user."""
        _begin_writing_on_post()
        return super().add()

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """Show a user."""
        return super().show(id_or_404(pk))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """Change a user."""
        _begin_writing_on_post()
        return super().edit(id_or_404(pk))

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Any:
        """Open the form that an action names; refuse those who may not use it, as any page does."""
        if not g.user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        if name in self.actions and not self.appbuilder.sm.has_access(name, self.class_permission_name):
            abort(403)
        return super().action(name, pk)

    def pre_add(self, item: StaffUser) -> None:
        """Make a dealer's administrator's new user one of the same dealer."""
        item.dealer_code = own_dealer_code(item.dealer_code)
        super().pre_add(item)

    def _get_add_widget(self, form: Any, **kwargs: Any) -> Any:
        if request.method == "GET":
            form.dealer_code.data = own_dealer_code(form.dealer_code.data)
        _stop_writing()
        return super()._get_add_widget(form, **kwargs)

    def _get_edit_widget(self, form: Any, **kwargs: Any) -> Any:
        _stop_writing()
        return super()._get_edit_widget(form, **kwargs)

    def post_update(self, item: StaffUser) -> None:
        """End the sessions of somebody who may no longer log in."""
        if not item.active:
            end_sessions(item.id)


class RoleView(RequestFiltersMixin, GuardedListMixin, RoleModelView):
    """The four roles, read-only: they are fixed in code."""

    class_permission_name = "role"
    base_filters = [_OF_THE_TABLE]
    method_permission_name = {"list": "read", "show": "read"}
    base_permissions = ["can_read"]
    include_route_methods = {"list", "show"}
    list_title = say("Roles")
    show_title = say("Role")
    list_columns = ["name"]
    show_columns = ["name"]
    search_columns = ["name"]
    order_columns = ["name"]
    base_order = ("name", "asc")
    actions: dict[str, Any] = {}
    list_widget = UserDBModelView.list_widget
    show_widget = UserDBModelView.show_widget

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """Show a role with what it may do."""
        item = self.datamodel.get(id_or_404(pk))
        if item is None or item.name not in Role._value2member_map_:
            abort(404)
        role = Role(item.name)
        rows = [
            (name_of(name), sorted(name_of_operation(one) for one in row[role]))
            for name, row in TABLE.items()
            if row[role]
        ]
        return self.render_template("web/role.html", title=item.name, rows=rows)

    def __init__(self) -> None:
        super().__init__()
        self.actions = {}


class ProfileView(UserInfoEditView):
    """Changing one's own name."""

    route_base = "/userinfoeditview"

    def form_post(self, form: Any) -> Any:
        """Save the name."""
        begin_writing(db.session)
        return super().form_post(form)


def _begin_writing_on_post() -> None:
    """Take SQLite's turn to write before Flask-AppBuilder reads what it will write."""
    if request.method == "POST":
        begin_writing(db.session)


def _stop_writing() -> None:
    """Give SQLite's turn to write back where a form is shown once more: the session is written while this one reads."""
    if request.method == "POST":
        db.session.rollback()


class LoginApi(SecurityApi):
    """The JWT login of programs, limited like the page's, answering in the one error shape."""

    limits = [Limit(LOGIN_LIMIT, key_func=get_remote_address)]

    @before_request(only=["login"])
    def check_body(self) -> None:
        """Refuse what can't be read before Flask-AppBuilder stumbles over it."""
        body = read_body()
        if not all(is_encodable(value) for value in body.values() if isinstance(value, str)):
            raise Unreadable(say("Give username, password and provider (db)."))

    def response_400(self, message: Any = None) -> Any:
        """Answer 400 in the error shape."""
        errors = message if isinstance(message, dict) else {}
        text = message if isinstance(message, str) else say("Give username, password and provider (db).")
        return error_answer(400, message=text, errors=errors)

    def response_401(self) -> Any:
        """Answer 401 in the error shape."""
        return error_answer(401, message=say("This user name and password don't match."))

    def response_500(self, message: Any = None) -> Any:  # noqa: ARG002  Flask-AppBuilder's signature
        """Answer 500 in the error shape."""
        return error_answer(500)
