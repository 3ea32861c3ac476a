"""Two languages: who gets which, that none leaks into another's answer, and dates, numbers and amounts in each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from app.core.words import Words, in_a_row, say, say_count
from app.web.formats import amount_text, code_name, date_text, number_text
from app.web.languages import COOKIE
from app.web.words import translated
from tests.conftest import PASSWORD
from tests.web.house import build, dispose


def switch(client, language, **more):
    return client.post("/language", data={"language": language, **more})


def language_of(answer):
    return answer.text.partition('<html lang="')[2].partition('"')[0]


def test_a_page_says_in_which_language_it_is(house):
    client = house.new_browser("auditor")
    assert language_of(client.get("/")) == "en"
    assert switch(client, "de", next="/customers/list/?q=x").headers["Location"].endswith("/customers/list/?q=x")
    page = client.get("/customers/list/")
    assert language_of(page) == "de"
    assert page.headers["Content-Language"] == "de"
    assert "Kunden" in page.text
    assert switch(client, "en").status_code == 302
    assert language_of(client.get("/")) == "en"


def test_a_choice_stays_over_logout_and_login_and_goes_along_to_another_browser(own_house):
    client = own_house.new_browser("finance")
    switch(client, "de")
    client.post("/logout/")
    assert language_of(client.get("/login/")) == "de"
    client.post("/login/", data={"username": "finance", "password": PASSWORD})
    assert language_of(client.get("/")) == "de"
    elsewhere = own_house.new_browser("finance")
    assert language_of(elsewhere.get("/")) == "de"
    assert language_of(own_house.new_browser("support").get("/")) == "en"


def test_somebody_who_is_not_logged_in_chooses_too(house):
    client = house.app.test_client()
    assert language_of(client.get("/login/")) == "en"
    switch(client, "de", next="/login/")
    page = client.get("/login/")
    assert language_of(page) == "de"
    assert "Anmelden" in page.text
    refused = client.post("/login/", data={"username": "nobody", "password": "x"}, follow_redirects=True)
    assert "Benutzername und Passwort passen nicht zusammen" in refused.text


def test_the_cookie_of_the_choice_is_the_servers_alone(house):
    client = house.app.test_client()
    cookie = switch(client, "de").headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=de")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_language_that_is_not_offered_is_refused(house):
    client = house.new_browser("auditor")
    assert switch(client, "fr").status_code == 422
    assert client.post("/language").status_code == 422
    assert client.get("/language").status_code == 405
    client.set_cookie(COOKIE, "xx")
    assert language_of(client.get("/")) == "en"


def test_the_switch_leads_back_into_this_house_only(house):
    client = house.app.test_client()
    for address in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:0"):
        assert "elsewhere" not in switch(client, "de", next=address).headers["Location"]
        assert "javascript" not in switch(client, "de", next=address).headers["Location"]


def test_a_link_changes_no_language(house):
    client = house.new_browser("auditor")
    assert client.get("/lang/de").status_code == 404
    assert language_of(client.get("/?_l_=de")) == "en"


def test_reading_a_page_writes_no_session(house):
    client = house.app.test_client()
    assert "Set-Cookie" not in client.get("/health").headers


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("de", "de"),
        ("de-DE,de;q=0.9,en;q=0.5", "de"),
        ("fr, en;q=0.4, de;q=0.3", "en"),
        ("fr;q=0.9, de-AT;q=0.8", "de"),
        ("fr", "en"),
        ("*", "en"),
        ("de;q=0, en", "en"),
        ("\x7f;;q=,,", "en"),
    ],
)
def test_a_program_is_answered_in_the_language_that_it_accepts(house, accepted, language):
    headers = {"Accept-Language": accepted} if accepted else {}
    answer = house.api()("get", "/api/v1/contact/999999", headers=headers)
    assert answer.status_code == 404
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.json["code"] == "not_found"
    assert ("Es gibt" in answer.json["message"]) == (language == "de")


def test_the_errors_of_fields_are_translated_and_their_codes_are_not(house):
    given = {"account_number": "L-1", "currency": "XYZ"}
    answer = house.api()("post", "/api/v1/customer/", json=given, headers={"Accept-Language": "de"})
    assert answer.status_code == 422
    assert answer.json["code"] == "invalid"
    assert answer.json["errors"].keys() == {"currency"} | {"last_name", "company_name"}
    assert "XYZ" in answer.json["errors"]["currency"][0]
    assert "no known" not in answer.json["errors"]["currency"][0]


def test_a_user_speaks_for_their_screens_and_not_for_programs(own_house):
    switch(own_house.new_browser("finance"), "de")
    answer = own_house.api("finance")("get", "/api/v1/contact/999999")
    assert answer.headers["Content-Language"] == "en"


def test_no_language_leaks_between_requests(house):
    german, english = house.new_browser("north_support"), house.new_browser("north_finance")
    switch(german, "de")
    switch(english, "en")

    def ask(number):
        client, expected = ((german, "de"), (english, "en"))[number % 2]
        page = client.get("/contacts/list/")
        return language_of(page) == expected and ("Kontakte" in page.text) == (expected == "de")

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(40)))


@pytest.mark.parametrize(("setting", "language"), [("de", "de"), ("de-AT", "de"), ("en", "en"), ("fr", "en")])
def test_the_setting_is_for_those_who_have_not_chosen(tmp_path, template, setting, language):
    app = build(tmp_path, f"sqlite:///{template}", COUNTERPART_LANGUAGE=setting)
    assert language_of(app.test_client().get("/login/")) == language
    assert app.test_client().get("/api/v1/customer/").headers["Content-Language"] == language
    dispose(app)


def written(house, language, function, *arguments):
    with house.app.test_request_context("/", headers={"Cookie": f"{COOKIE}={language}"}):
        return function(*arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "english", "german"),
    [
        (date_text, [date(2026, 11, 22)], "22 Nov 2026", "22.11.2026"),
        (number_text, ["1234567.50"], "1,234,567.50", "1.234.567,50"),
        (number_text, [1234], "1,234", "1.234"),
        (number_text, ["0.000125"], "0.000125", "0,000125"),
        (amount_text, ["1234.50", "EUR"], "€1,234.50", "1.234,50\xa0€"),
        (amount_text, ["-1234.5", "GBP"], "-£1,234.50", "-1.234,50\xa0£"),
        (amount_text, ["1234", "JPY"], "JP¥1,234", "1.234\xa0¥"),
        (amount_text, ["1.5", "KWD"], "KWD\xa01.500", "1,500\xa0KWD"),
        (code_name, ["country", "DE"], "Germany", "Deutschland"),
        (code_name, ["language", "de"], "German", "Deutsch"),
        (code_name, ["currency", "GBP"], "British Pound", "Britisches Pfund"),
        (code_name, ["country", "??"], "??", "??"),
    ],
)
def test_each_language_writes_in_its_own_way(house, function, arguments, english, german):
    assert written(house, "en", function, *arguments).replace("KWD1", "KWD\xa01") == english
    assert written(house, "de", function, *arguments) == german


def test_texts_within_texts_are_translated(house):
    words = in_a_row([say("Delete {name}?", name=say("Customer")), say_count("{count} row", "{count} rows", 1234)])
    assert words == "Delete Customer? 1,234 rows"
    assert written(house, "de", translated, words) == "Kunde löschen? 1.234 Zeilen"
    assert written(house, "de", translated, {"a": [words]}) == {"a": ["Kunde löschen? 1.234 Zeilen"]}


def test_what_a_person_typed_is_never_read_as_a_text(house):
    words = say("Delete {name}?", name="{0} %(name)s Customer")
    assert written(house, "de", translated, words) == "{0} %(name)s Customer löschen?"
    assert written(house, "de", translated, Words("")) == ""


def test_templates_translate_and_escape_the_values_of_their_texts(house):
    def render(source, **values):
        return house.app.jinja_env.from_string(source).render(**values)

    source = "{{ _('Select %(name)s', name=name) }}|{{ names|join(', ') }}"
    source += "|{{ ngettext('%(num)s row', '%(num)s rows', n) }}"
    values = {"name": say("Customer"), "names": [say("Yes"), "<b>"], "n": 1234}
    house.app.jinja_env.autoescape = True
    assert written(house, "de", lambda: render(source, **values)) == "Kunde auswählen|Ja, &lt;b&gt;|1.234 Zeilen"
    assert "&lt;i&gt;" in written(house, "de", lambda: render("{{ _('Select %(name)s', name='<i>') }}"))
