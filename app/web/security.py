"""Logins, users and roles: Flask-AppBuilder's, with the access table's roles and an audit trail."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, abort, g, redirect, session
from flask_appbuilder import AppBuilder
from flask_appbuilder.babel.views import LocaleView
from flask_appbuilder.hooks import before_request
from flask_appbuilder.security.api import SecurityApi
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import (
    AuthDBView,
    PermissionModelView,
    PermissionViewModelView,
    ResetMyPasswordView,
    RoleModelView,
    UserDBModelView,
    UserGroupModelView,
    ViewMenuModelView,
)
from flask_appbuilder.utils.limit import Limit
from flask_appbuilder.views import expose
from flask_jwt_extended import JWTManager
from flask_limiter.util import get_remote_address
from flask_login import logout_user
from werkzeug.wrappers import Response

from app.access.models import StaffUser
from app.access.table import TABLE, Operation, Role
from app.core.audit import Verb
from app.web.api_body import read_body
from app.web.errors import error_answer
from app.web.request_filters import GuardedListMixin, RequestFiltersMixin, SafeActionsMixin, id_or_404
from app.web.sessions import end_sessions
from app.web.user_trail import write_trail

LOGIN_LIMIT = "10 per 60 second"
USER_PERMISSIONS = {"list": "read", "show": "read", "add": "create", "edit": "update", "delete": "delete"}

# What every member of staff may do with Flask-AppBuilder's own pages.
_EVERYBODY = (
    ("user", "can_userinfo"),
    ("MyPasswordView", "can_this_form_(get|post)"),
    ("UserInfoEditView", "can_this_form_(get|post)"),
    ("user", "(resetmypassword|userinfoedit)"),
    ("SwaggerView", "can_show"),
    ("OpenApi", "can_get"),
    ("MenuApi", "can_get"),
)
_ADMINISTRATORS = (("ResetPasswordView", "can_this_form_(get|post)"), ("user", "resetpasswords"))


def builtin_roles(menu: dict[str, str]) -> dict[str, list[list[str]]]:
    """Return FAB_ROLES, made from the access table; `menu` maps a menu entry to the resource that it shows.

    Flask-AppBuilder matches a pattern's beginning, so each ends in `$`.
    """
    roles = {}
    for role in Role:
        grants = [(name, f"can_{operation.value}") for name, row in TABLE.items() for operation in row[role]]
        grants += _EVERYBODY
        if role is Role.ADMIN:
            grants += _ADMINISTRATORS
        seen = [entry for entry, resource in menu.items() if Operation.READ in TABLE[resource][role]]
        grants += [(re.escape(entry), "menu_access") for entry in seen]
        roles[role.value] = [[f"{view}$", f"{permission}$"] for view, permission in sorted(grants)]
    return roles


class LoginView(AuthDBView):
    """The login page. Logging out takes a POST, so that no other page can do it to somebody."""

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

    message = "Your password was changed. Log in with it."

    def form_post(self, form: Any) -> Response:
        """Set the password and start over at the login."""
        super().form_post(form)
        logout_user()
        return redirect(self.appbuilder.get_url_for_login)


class UserView(RequestFiltersMixin, GuardedListMixin, SafeActionsMixin, UserDBModelView):
    """Users, for administrators. A user is deactivated, not deleted: the audit trail goes on naming them."""

    class_permission_name = "user"
    method_permission_name = USER_PERMISSIONS
    exclude_route_methods = {"delete", "download", "action_post"}
    list_title = "Users"
    add_title = "Add user"
    edit_title = "Edit user"
    show_title = "User"
    user_info_title = "Your profile"
    list_columns = ["username", "first_name", "last_name", "email", "roles", "dealer_code", "active"]
    order_columns = ["username", "first_name", "last_name", "email", "dealer_code", "active"]
    search_columns = ["username", "first_name", "last_name", "email", "dealer_code", "active"]
    show_fieldsets = [
        ("User", {"fields": ["username", "active", "roles", "dealer_code"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Logins", {"fields": ["last_login", "login_count", "fail_login_count"]}),
    ]
    user_show_fieldsets = [
        ("User", {"fields": ["username", "roles", "dealer_code"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
    ]
    add_columns = ["first_name", "last_name", "username", "active", "email", "roles", "dealer_code"]
    add_columns += ["password", "conf_password"]
    edit_columns = ["first_name", "last_name", "username", "active", "email", "roles", "dealer_code"]
    label_columns = UserDBModelView.label_columns | {
        "active": "Active",
        "roles": "Roles",
        "dealer_code": "Dealer code",
        "username": "User name",
    }
    description_columns = {
        "active": "Somebody who leaves is made inactive, not deleted.",
        "dealer_code": "With a dealer code, only that dealer's customers are in sight.",
    }
    validators_columns: dict[str, Any] = {}

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """Show a user."""
        return super().show(id_or_404(pk))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """Change a user."""
        return super().edit(id_or_404(pk))

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Any:
        """Open the form that an action names; refuse those who may not use it, as any page does."""
        if not g.user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        if name in self.actions and not self.appbuilder.sm.has_access(name, self.class_permission_name):
            abort(403)
        return super().action(name, pk)

    def post_update(self, item: StaffUser) -> None:
        """End the sessions of somebody who may no longer log in."""
        if not item.active:
            end_sessions(item.id)


class RoleView(RequestFiltersMixin, GuardedListMixin, RoleModelView):
    """The four roles, read-only: they are fixed in code."""

    class_permission_name = "role"
    method_permission_name = {"list": "read", "show": "read"}
    base_permissions = ["can_read"]
    include_route_methods = {"list", "show"}
    list_title = "Roles"
    show_title = "Role"
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
            (name.replace("_", " "), ", ".join(sorted(one.value.replace("_", " ") for one in row[role])))
            for name, row in TABLE.items()
            if row[role]
        ]
        return self.render_template("web/role.html", title=item.name, rows=rows)

    def __init__(self) -> None:
        super().__init__()
        self.actions = {}


class LoginApi(SecurityApi):
    """The JWT login of programs, limited like the page's, answering in the one error shape."""

    limits = [Limit(LOGIN_LIMIT, key_func=get_remote_address)]

    @before_request(only=["login"])
    def check_body(self) -> None:
        """Refuse what can't be read before Flask-AppBuilder stumbles over it."""
        read_body()

    def response_400(self, message: Any = None) -> Any:
        """Answer 400 in the error shape."""
        errors = message if isinstance(message, dict) else {}
        text = message if isinstance(message, str) else "Give username, password and provider (db)."
        return error_answer(400, message=text, errors=errors)

    def response_401(self) -> Any:
        """Answer 401 in the error shape."""
        return error_answer(401, message="This user name and password don't match.")

    def response_500(self, message: Any = None) -> Any:  # noqa: ARG002  Flask-AppBuilder's signature
        """Answer 500 in the error shape."""
        return error_answer(500)


class CounterpartSecurityManager(SecurityManager):
    """Flask-AppBuilder's security manager, with our users, roles, pages and answers."""

    user_model = StaffUser
    userdbmodelview = UserView
    rolemodelview = RoleView
    authdbview = LoginView
    resetmypasswordview = MyPasswordView
    security_api = LoginApi
    userstatschartview = None

    def reset_password(self, userid: Any, password: str) -> None:
        """Set a password, and end every session of its user."""
        number = id_or_404(userid)
        if self.get_user_by_id(number) is None:
            abort(404)
        super().reset_password(number, password)
        end_sessions(number)

    def on_user_logout(self, user: StaffUser) -> None:
        """Note the logout in the audit trail."""
        with self.session.get_bind().begin() as connection:
            write_trail(connection, user, Verb.LOGGED_OUT, {})

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Answer a missing, wrong or old token in the one error shape."""
        manager = super().create_jwt_manager(app)
        manager.unauthorized_loader(lambda _why: error_answer(401))
        manager.invalid_token_loader(lambda _why: error_answer(401, message="This token is not valid."))
        manager.expired_token_loader(lambda _head, _data: error_answer(401, message="This token has expired."))
        manager.user_lookup_error_loader(lambda _head, _data: error_answer(401, message="This token is not valid."))
        manager.needs_fresh_token_loader(lambda _head, _data: error_answer(401))
        manager.revoked_token_loader(lambda _head, _data: error_answer(401))
        return manager


class CounterpartAppBuilder(AppBuilder):
    """An AppBuilder that writes no permissions at start: the roles are code, the schema is the migrations'."""

    def add_permissions(self, update_perms: bool = False) -> None:  # noqa: FBT001, FBT002  Flask-AppBuilder's signature
        """Write nothing."""

    def add_view(self, baseview: Any, name: str, **kwargs: Any) -> Any:
        """Register a page, unless it is one of Flask-AppBuilder's that aren't offered."""
        return None if _of_class(baseview, _NOT_OFFERED) else super().add_view(baseview, name, **kwargs)

    def add_view_no_menu(self, baseview: Any, *args: Any, **kwargs: Any) -> Any:
        """Register a page without a menu entry, unless it is one that isn't offered."""
        return None if _of_class(baseview, _NOT_OFFERED) else super().add_view_no_menu(baseview, *args, **kwargs)


# Groups and bare permissions are no part of the access table, and the screens speak one language.
_NOT_OFFERED: tuple[type, ...] = (
    LocaleView,
    PermissionModelView,
    PermissionViewModelView,
    UserGroupModelView,
    ViewMenuModelView,
)


def _of_class(view: Any, classes: tuple[type, ...]) -> bool:
    return isinstance(view, classes) or (isinstance(view, type) and issubclass(view, classes))
