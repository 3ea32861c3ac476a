"""What a page may not do while somebody looks at it: complain, break its policy, call strangers, shut people out."""

import json
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT

# What Chromium's own PDF viewer is made of.
VIEWER = ("chrome", "chrome-extension")
# Each look at a page is as wide and as bright as these, and by all of axe's rules or not; each step changes one thing.
LOOKS = ((1280, "light", True), (1280, "dark", False), (320, "dark", False), (320, "light", True))
# Reported by the page itself, so that what is blocked before a request is made is seen as well.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
MEASURE = """() => ({
  width: document.documentElement.scrollWidth,
  headings: [...document.querySelectorAll("h1")].filter((one) => one.checkVisibility()).length,
  title: document.title,
  theme: document.documentElement.dataset.bsTheme,
})"""
# What is in a frame is a stranger's mail or the browser's PDF viewer: neither is a page of this application.
RUN_AXE = """(rules) => axe.run(document, {
  ...(rules ? { runOnly: { type: "rule", values: rules } } : {}),
  resultTypes: ["violations"], iframes: false, preload: false,
}).then((found) => found.violations)"""
# All rules once for each width; in the other colours those alone that look at colours.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


class Watch:
    """Collects what goes wrong on a window's pages."""

    def __init__(self, page, origin):
        self.page, self.origin, self.faults = page, urlsplit(origin).netloc, []
        self.expected_status = 200
        page.context.add_init_script(REPORT_VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", self._request)

    def _console(self, message):
        # Chromium logs an error page's own status as an error of the console; that one is asked for.
        if self.expected_status >= 400 and f"status of {self.expected_status}" in message.text:
            return
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _request(self, request):
        url = urlsplit(request.url)
        inside = url.netloc == self.origin or url.scheme in ("data", "blob", *VIEWER)
        if not inside:
            self.faults.append(f"request: {request.url}")

    def look_at(self, path, *, status=200):
        """Open a page, look at it in each way, and return all that is wrong with it."""
        self.faults, self.expected_status = [], status
        self._look_like(*LOOKS[0][:2])
        answer = self.page.goto(path)
        if answer.status != status or not self.page.url.endswith(path):
            return [f"answered {answer.status} at {self.page.url}"]
        if path.startswith("/swagger"):
            self.page.locator(".opblock").first.wait_for()
        return self.look()

    def look(self):
        """Look at the page that is open in each way, and return all that is wrong with it."""
        self.page.evaluate(AXE_SCRIPT)
        for width, theme, thoroughly in LOOKS:
            self._look_like(width, theme)
            self.judge(width, theme, thoroughly=thoroughly)
        return self.faults

    def _look_like(self, width, theme):
        self.page.emulate_media(color_scheme=theme)
        self.page.set_viewport_size({"width": width, "height": 800})
        if self.page.url.startswith("http"):
            self.page.locator(f"html[data-bs-theme={theme}]").wait_for(state="attached")

    def judge(self, width, theme, *, thoroughly=True):
        """Note what is wrong with the page as it is shown."""
        look = f"{width} {theme}"
        found = self.page.evaluate(MEASURE)
        if found["width"] > width:
            self.faults.append(f"{look}: {found['width']} px wide")
        if found["headings"] != 1:
            self.faults.append(f"{look}: {found['headings']} main headings")
        if len(found["title"]) <= len("Counterpart"):
            self.faults.append(f"{look}: its title is {found['title']!r}")
        if found["theme"] != theme:
            self.faults.append(f"{look}: its colours are {found['theme']}")
        for rule in self.page.evaluate(RUN_AXE, None if thoroughly else COLOUR_RULES):
            nodes = [node["html"][:160] for node in rule["nodes"]][:3]
            self.faults.append(f"{look}: {rule['id']}: {json.dumps(nodes)}")
