"""Logins, users and roles: Flask-AppBuilder's, with the access table's roles and an audit trail."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, g, has_request_context
from flask_appbuilder import AppBuilder
from flask_appbuilder.api.manager import OpenApi as ItsOpenApi
from flask_appbuilder.babel.views import LocaleView
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import (
    PermissionModelView,
    PermissionViewModelView,
    UserGroupModelView,
    ViewMenuModelView,
)
from flask_jwt_extended import JWTManager

from app.access.models import StaffUser
from app.access.table import TABLE, Operation, Role
from app.core import clock
from app.core.audit import Verb
from app.core.unit_of_work import begin_writing
from app.core.words import say
from app.web.errors import error_answer
from app.web.openapi_view import OpenApi
from app.web.programs import let_in
from app.web.security_views import (
    LoginApi,
    LoginView,
    MyPasswordView,
    ProfileView,
    ResetPasswordView,
    RoleView,
    UserView,
)
from app.web.sessions import end_sessions
from app.web.user_sight import user_or_404
from app.web.user_trail import write_trail

# What every member of staff may do with Flask-AppBuilder's own pages.
_EVERYBODY = (
    ("user", "can_userinfo"),
    ("MyPasswordView", "can_this_form_(get|post)"),
    ("ProfileView", "can_this_form_(get|post)"),
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


_COUNTS_FROM = "counts_from"


def _counts_from(user: StaffUser) -> str | None:
    """Return from when on a user's tokens count, as a token says it."""
    return user.tokens_count_from.isoformat() if user.tokens_count_from else None


class CounterpartSecurityManager(SecurityManager):
    """Flask-AppBuilder's security manager, with our users, roles, pages and answers."""

    user_model = StaffUser
    userdbmodelview = UserView
    rolemodelview = RoleView
    authdbview = LoginView
    resetmypasswordview = MyPasswordView
    resetpasswordview = ResetPasswordView
    userinfoeditview = ProfileView
    security_api = LoginApi
    userstatschartview = None
    no_dealers: frozenset[str] = frozenset()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # What each role may, by the pairs that pages ask for: as many as the code has.
        self._answers: dict[tuple[str, str, str], bool] = {}
        super().__init__(*args, **kwargs)

    def update_user_auth_stat(self, user: StaffUser, success: bool = True) -> None:  # noqa: FBT001, FBT002  theirs
        """Count a login, with its audit entry, after taking one's turn to write."""
        begin_writing(self.session)
        super().update_user_auth_stat(user, success)

    def noop_user_update(self, user: StaffUser) -> None:
        """Take as long for an unknown user as for a known one."""
        begin_writing(self.session)
        super().noop_user_update(user)

    def add_user(self, *args: Any, **kwargs: Any) -> Any:
        """Make a user, after taking one's turn to write."""
        begin_writing(self.session)
        return super().add_user(*args, **kwargs)

    def reset_password(self, userid: Any, password: str) -> None:
        """Set the password of a user in sight, and end every session of theirs."""
        # The command line, which may set any, has no request.
        number = user_or_404(userid).id if has_request_context() else userid
        begin_writing(self.session)
        user = self.get_user_by_id(number)
        if user is not None:
            user.tokens_count_from = clock.now()
        super().reset_password(number, password)
        end_sessions(number)

    def load_user_jwt(self, _jwt_header: Any, jwt_data: dict[str, Any]) -> StaffUser | None:
        """Return the user of a token, of either kind, unless their password was changed after it was given."""
        user: StaffUser | None = self.load_user(jwt_data["sub"])
        if user is None or not user.is_active or jwt_data.get(_COUNTS_FROM) != _counts_from(user):
            return None
        g.user = user
        return user

    def claims_of_token(self, identity: str) -> dict[str, Any]:
        """Return what a new token says beside its user: from when on that user's tokens count.

        A time of issue holds whole seconds, and couldn't tell the tokens of one second apart.
        """
        user = self.load_user(identity)
        return {} if user is None else {_COUNTS_FROM: _counts_from(user)}

    def validate_api_key(self, api_key_string: str) -> StaffUser:
        """Let in the program that shows a key. Raises Unauthenticated, Forbidden, TooManyRequests."""
        return let_in(api_key_string)

    def _has_access_builtin_roles(self, role: Any, permission_name: str, view_name: str) -> bool:
        """Tell what a role may, which is fixed in code: Flask-AppBuilder matches patterns anew at each question."""
        question = (role.name, permission_name, view_name)
        if question not in self._answers:
            self._answers[question] = super()._has_access_builtin_roles(role, permission_name, view_name)
        return self._answers[question]

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> Any:
        """Return the menu entries of whoever asks: of a program with a key too, whom Flask-AppBuilder forgets here.

        `no_dealers` are the entries of pages that can't be narrowed, and that a dealer's staff therefore don't have.
        """
        if g.get("_api_key_user"):
            found = self._get_user_permission_view_menus(g.user, "menu_access", view_menus_name=menu_names)
        else:
            found = super().get_user_menu_access(menu_names)
        return set(found) - self.no_dealers if getattr(g.get("user"), "dealer_code", None) else found

    def on_user_logout(self, user: StaffUser) -> None:
        """Note the logout in the audit trail."""
        with self.session.get_bind().begin() as connection:
            write_trail(connection, user, Verb.LOGGED_OUT, {})

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Answer a missing, wrong or old token in the one error shape."""
        manager = super().create_jwt_manager(app)
        manager.additional_claims_loader(self.claims_of_token)
        manager.unauthorized_loader(lambda _why: error_answer(401))
        invalid = say("This token is not valid.")
        manager.invalid_token_loader(lambda _why: error_answer(401, message=invalid))
        manager.expired_token_loader(lambda _head, _data: error_answer(401, message=say("This token has expired.")))
        manager.user_lookup_error_loader(lambda _head, _data: error_answer(401, message=invalid))
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

    def add_api(self, baseview: Any) -> Any:
        """Register a REST resource; the OpenAPI document is the one with examples."""
        return super().add_api(OpenApi if baseview is ItsOpenApi else baseview)


# Groups and bare permissions are no part of the access table, and its page of languages changes the session by a link.
_NOT_OFFERED: tuple[type, ...] = (
    LocaleView,
    PermissionModelView,
    PermissionViewModelView,
    UserGroupModelView,
    ViewMenuModelView,
)


def _of_class(view: Any, classes: tuple[type, ...]) -> bool:
    return isinstance(view, classes) or (isinstance(view, type) and issubclass(view, classes))
