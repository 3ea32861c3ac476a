"""What a test reads on a page without a browser: its forms as a browser would post them, its tables, its text."""

from html.parser import HTMLParser

CELLS = ("td", "th")


class Page(HTMLParser):
    """A page's forms, tables (rows by the label of each cell) and text."""

    def __init__(self, answer):
        super().__init__()
        self.url, self.status = answer.url, answer.status_code
        self.forms, self.rows, self.buttons, self.heading = [], [], [], ""
        self._form = self._select = self._textarea = self._cell = self._button = None
        self._option_value = None
        self._words, self._hidden, self._in_heading = [], 0, False
        self.feed(answer.text)

    @property
    def text(self):
        """All words of the page, with single spaces."""
        return " ".join(" ".join(self._words).split())

    def form(self, field):
        """Return the fields of the form that has this one, as they would be posted untouched."""
        return next(dict(fields) for fields in self.forms if any(name == field for name, _ in fields.items()))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "form":
            self._form = {}
            self.forms.append(self._form)
        elif tag == "tr":
            self.rows.append({})
        elif tag in CELLS:
            self._cell = given.get("data-label")
        elif tag == "h1":
            self._in_heading = True
        elif tag == "button":
            self.buttons.append("")
            self._button = True
        elif self._form is not None and tag in ("input", "select", "textarea", "option"):
            self._control(tag, given)

    def _control(self, tag, given):
        name = given.get("name")
        if tag == "input" and name:
            if given.get("type") not in ("checkbox", "radio"):
                self._add(name, given.get("value", ""))
            elif "checked" in given:
                self._add(name, given.get("value", "on"))
        elif tag == "select":
            self._select = (name, "multiple" in given, [])
        elif tag == "option" and self._select is not None:
            _, _, options = self._select
            options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._textarea = name
            self._add(name, "")

    def _add(self, name, value):
        self._form.setdefault(name, []).append(value)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag in CELLS:
            self._cell = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "h1":
            self._in_heading = False
        elif tag == "button":
            self._button = None
        elif tag == "select" and self._select is not None:
            name, multiple, options = self._select
            self._select = None
            chosen = [value for value, selected in options if selected]
            if not chosen and not multiple and options:
                chosen = [options[0][0]]
            for value in chosen:
                self._add(name, value)

    def handle_data(self, data):
        if self._hidden:
            return
        self._words.append(data)
        if self._textarea:
            self._form[self._textarea][-1] += data
        if self._in_heading:
            self.heading = f"{self.heading} {data.strip()}".strip()
        if self._button:
            self.buttons[-1] = f"{self.buttons[-1]} {data.strip()}".strip()
        if self._cell and self.rows:
            row = self.rows[-1]
            row[self._cell] = f"{row.get(self._cell, '')} {data.strip()}".strip()
