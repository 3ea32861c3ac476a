"""Sessions: cookies that are kept to themselves, and that end everywhere when they end."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from tests.conftest import PASSWORD
from tests.web.answers import refused, refused_page
from tests.web.house import build, dispose

COOKIE = "counterpart_session"
NEW_PASSWORD = "New-Horse-Battery-99"


def cookie(client):
    return client.get_cookie(COOKIE).value


def copy_of(house, client):
    thief = house.app.test_client()
    thief.set_cookie(COOKIE, cookie(client))
    return thief


def is_in(client):
    return client.get("/customers/list/").status_code == 200


def test_the_cookie_is_for_the_browser_alone(house):
    answer = house.app.test_client().post("/login/", data={"username": "admin", "password": PASSWORD})
    header = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert "Secure" not in header
    assert "Domain" not in header


def test_the_cookie_is_secure_where_the_application_is_reached_by_https(tmp_path, filled):
    (tmp_path / "counterpart.sqlite").write_bytes(filled[0].read_bytes())
    app = build(tmp_path, COUNTERPART_PUBLIC_URL="https://counterpart.example")
    answer = app.test_client().post("/login/", data={"username": "admin", "password": PASSWORD})
    assert "; Secure" in answer.headers["Set-Cookie"]
    secure = app.test_client().get("/login/", base_url="https://counterpart.example")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")
    dispose(app)


def test_the_database_holds_no_cookie(house):
    client = house.new_browser()
    with house.session() as session:
        rows = session.connection().exec_driver_sql("SELECT token_digest FROM web_session").scalars().all()
    assert len(rows) >= 1
    assert cookie(client) not in rows


def test_logging_in_changes_the_cookie(house):
    client = house.app.test_client()
    client.get("/login/")
    planted = cookie(client)
    attacker = copy_of(house, client)
    client.post("/login/", data={"username": "admin", "password": PASSWORD})
    assert cookie(client) != planted
    assert is_in(client)
    assert not is_in(attacker)


@pytest.mark.parametrize("value", ["", "x", "a" * 43, "a" * 4000, "%00", "é", '"; DROP'])
def test_a_made_up_cookie_is_nobody(house, value):
    client = house.app.test_client()
    client.set_cookie(COOKIE, value)
    assert client.get("/customers/list/").status_code == 302
    refused(client.get("/api/v1/customer/"), 401)


def test_logging_out_ends_the_copied_cookie_too(house):
    client = house.new_browser("support")
    thief = copy_of(house, client)
    assert is_in(thief)
    answer = client.post("/logout/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")
    assert not is_in(client)
    assert not is_in(thief)
    refused(thief.get("/api/v1/customer/"), 401)


def test_changing_ones_password_ends_every_session(own_house):
    first, second = own_house.new_browser("finance"), own_house.new_browser("finance")
    other = own_house.new_browser("support")
    given = {"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    answer = first.post("/resetmypassword/form", data=given)
    assert answer.status_code == 302
    assert not is_in(first)
    assert not is_in(second)
    assert is_in(other)
    assert is_in(own_house.new_browser("finance", NEW_PASSWORD))
    wrong = own_house.app.test_client()
    wrong.post("/login/", data={"username": "finance", "password": PASSWORD})
    assert not is_in(wrong)


def test_an_administrator_who_sets_a_password_ends_that_users_sessions(own_house):
    theirs, admin = own_house.new_browser("support"), own_house.new_browser()
    given = {"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    assert admin.post("/resetpassword/form?pk=3", data=given).status_code == 302
    assert not is_in(theirs)
    assert is_in(admin)
    for number in ("abc", "0", "4711", ""):
        refused_page(admin.post(f"/resetpassword/form?pk={number}", data=given), 404)


@pytest.mark.parametrize("by", ["finance", "admin"])
def test_a_changed_password_ends_the_tokens_that_were_given_before(own_house, by):
    given = {"username": "finance", "password": PASSWORD, "provider": "db", "refresh": True}
    client, others = own_house.app.test_client(), own_house.api("support")
    tokens = client.post("/api/v1/security/login", json=given).json

    def statuses(tokens):
        calls = (("GET", "/api/v1/customer/", "access_token"), ("POST", "/api/v1/security/refresh", "refresh_token"))
        return [
            client.open(path, method=method, headers={"Authorization": f"Bearer {tokens[kind]}"})
            for method, path, kind in calls
        ]

    first, renewed = statuses(tokens)
    assert (first.status_code, renewed.status_code) == (200, 200)
    assert others("get", "/api/v1/customer/").status_code == 200
    path = "/resetmypassword/form" if by == "finance" else "/resetpassword/form?pk=2"
    changed = {"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    assert own_house.new_browser(by).post(path, data=changed).status_code == 302
    for answer in (*statuses(tokens), statuses({**tokens, **renewed.json})[0]):
        refused(answer, 401, "unauthenticated")
    assert others("get", "/api/v1/customer/").status_code == 200
    anew = client.post("/api/v1/security/login", json={**given, "password": NEW_PASSWORD}).json
    assert [answer.status_code for answer in statuses(anew)] == [200, 200]


def test_a_password_that_is_too_simple_is_refused(own_house):
    client = own_house.new_browser("support")
    answer = client.post("/resetmypassword/form", data={"password": "simple", "conf_password": "simple"})
    assert answer.status_code == 200
    assert is_in(client)


def test_a_deactivated_user_is_out_everywhere(own_house):
    theirs, program, admin = own_house.new_browser("support"), own_house.api("support"), own_house.new_browser()
    assert program("get", "/api/v1/customer/").status_code == 200
    given = {"first_name": "S", "last_name": "U", "username": "support", "email": "support@staff.example", "roles": "3"}
    answer = admin.post("/users/edit/3", data=given)
    assert answer.status_code == 302, answer.text
    assert not is_in(theirs)
    refused(program("get", "/api/v1/customer/"), 401)
    again = own_house.app.test_client()
    again.post("/login/", data={"username": "support", "password": PASSWORD})
    assert not is_in(again)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "http:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "\t//evil.example",
        "http://localhost@evil.example/",
        "http://localhost.evil.example/",
        "/%0d%0aSet-Cookie:x=1",
    ],
)
def test_logging_in_leads_to_this_place_alone(house, target):
    client = house.app.test_client()
    for _ in range(2):  # before the login, and when logged in already
        answer = client.post("/login/", query_string={"next": target}, data={"username": "admin", "password": PASSWORD})
        assert answer.status_code == 302
        location = answer.headers["Location"]
        assert "\\" not in location
        assert urlsplit(urljoin("http://localhost/login/", location)).netloc == "localhost"


def test_logging_in_leads_to_the_page_that_was_asked_for(house):
    client = house.app.test_client()
    login = client.get("/contacts/list/?q=x").headers["Location"]
    answer = client.post(login, data={"username": "admin", "password": PASSWORD})
    assert answer.headers["Location"].endswith("/contacts/list/?q=x")


def test_a_wrong_login_says_no_more_than_that(house):
    texts = []
    for name in ("admin", "nobody"):
        client = house.app.test_client()
        answer = client.post("/login/", data={"username": name, "password": "wrong"}, follow_redirects=True)
        assert answer.status_code == 200
        texts.append(answer.text.count("This user name and password"))
        assert not is_in(client)
    assert texts[0] == texts[1] == 1


@pytest.fixture
def limited(own_house):
    own_house.app.config["RATELIMIT_ENABLED"] = True
    own_house.app.appbuilder.sm.limiter.enabled = True
    own_house.app.appbuilder.sm.limiter.reset()
    yield own_house
    own_house.app.appbuilder.sm.limiter.reset()


def test_the_form_of_the_login_is_limited(limited):
    client = limited.app.test_client()
    statuses = [client.post("/login/", data={"username": "admin", "password": "wrong"}).status_code for _ in range(12)]
    assert statuses == [302] * 10 + [429] * 2
    refused_page(client.post("/login/", data={"username": "admin", "password": PASSWORD}), 429)
    assert client.get("/login/").status_code == 200


def test_the_login_of_programs_is_limited(limited):
    client = limited.app.test_client()
    given = {"username": "admin", "password": "wrong", "provider": "db"}
    statuses = [client.post("/api/v1/security/login", json=given).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    answer = client.post("/api/v1/security/login", json=given | {"password": PASSWORD})
    refused(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
