"""The two ways in which a person works at a page, with the same words for both: the mouse, or the keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


class Mouse:
    """A person who clicks on what they see."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, name: str) -> None:
        """Press a button of the page, and wait for what comes."""
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link of the page."""
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()

    def open(self, menu: str, entry: str) -> None:
        """Open a menu of the page's head or, where that has none, of the header, and follow an entry."""
        self.page.get_by_role("button", name=menu, exact=True).last.click()
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=entry, exact=True).last.click()

    def fill(self, label: str, text: str) -> None:
        """Fill in a field, by its label or by the name that it has for those who don't see it."""
        named = self.page.get_by_role("textbox", name=label, exact=True)
        self.page.get_by_label(label, exact=True).or_(named).fill(text)

    def pick(self, label: str, text: str) -> None:
        """Choose in a picker: click into it, type, and click on what was found."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.keyboard.type(text)
        self.page.get_by_role("option", name=re.compile(text)).first.click()

    def check(self, label: str) -> None:
        """Tick a box."""
        self.page.get_by_label(label, exact=True).check()


class Keyboard:
    """A person without a mouse: goes from one thing to the next with Tab, and sees where the focus is."""

    LIMIT = 150

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str, role: str | None = None) -> Keyboard:
        """Press Tab until the thing of this name has the focus."""
        for _ in range(self.LIMIT):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(
                """() => {
                  const one = document.activeElement;
                  const label = one.labels && one.labels[0];
                  const look = getComputedStyle(one.closest(".ts-wrapper") ? one.closest(".ts-control") : one);
                  return {
                    name: (one.getAttribute("aria-label") || (label && label.textContent) || one.textContent || "")
                      .replace("*", "").replace(/\\s+/g, " ").trim(),
                    role: one.tagName.toLowerCase(),
                    seen: look.outlineStyle !== "none" || look.boxShadow !== "none",
                  };
                }"""
            )
            if found["name"] == name and role in (None, found["role"]):
                assert found["seen"], f"the focus on {name} is not seen"
                return self
        raise AssertionError(f"Tab never reaches {name}")

    def keys(self, *keys: str) -> Keyboard:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> Keyboard:
        """Type where the focus is."""
        self.page.keyboard.type(text)
        return self

    def press(self, name: str) -> None:
        """Go to a button, press it with Enter, and wait for what comes."""
        self.to(name, "button")
        with self.page.expect_navigation():
            self.keys("Enter")

    def follow(self, name: str) -> None:
        """Go to a link, and follow it with Enter."""
        self.to(name, "a")
        with self.page.expect_navigation():
            self.keys("Enter")

    def open(self, menu: str, entry: str) -> None:
        """Open a menu, and follow one of its entries by the arrows."""
        self.to(menu, "button").keys("Enter")
        for _ in range(self.LIMIT):
            self.keys("ArrowDown")
            if self.page.evaluate("document.activeElement.textContent.trim()") == entry:
                break
        with self.page.expect_navigation():
            self.keys("Enter")

    def fill(self, label: str, text: str) -> None:
        """Go to a field, and type over what it holds."""
        self.to(label).keys("ControlOrMeta+a").type(text)

    def pick(self, label: str, text: str) -> None:
        """Choose in a picker: type, wait for the list, take what it points to."""
        self.to(f"{label} (required)").take(text)

    def take(self, text: str) -> Keyboard:
        """Choose in the picker that has the focus."""
        self.type(text)
        self.page.get_by_role("option", name=re.compile(text)).first.wait_for()
        expect(self.page.locator(".ts-dropdown:visible .option")).to_have_count(1)
        return self.keys("ArrowDown", "Enter")

    def check(self, label: str) -> None:
        """Go to a box, and tick it with the space bar."""
        self.to(label).keys("Space")
