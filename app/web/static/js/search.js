// The header's search: a combobox whose list comes from the server while somebody types.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("global-search");
    const panel = document.getElementById("search-panel");
    if (!box || !panel) return;
    const options = () => [...panel.querySelectorAll('[role="option"]')];
    const chosen = () => panel.querySelector('[aria-selected="true"]');

    function open(isOpen) {
      const found = options().length > 0;
      panel.hidden = !isOpen || !panel.textContent.trim();
      box.setAttribute("aria-expanded", String(!panel.hidden && found));
      choose(null);
    }

    function choose(option) {
      for (const one of options()) one.setAttribute("aria-selected", String(one === option));
      if (option) {
        box.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else box.removeAttribute("aria-activedescendant");
    }

    function step(by) {
      if (panel.hidden) open(true);
      const all = options();
      if (!all.length) return;
      const at = all.indexOf(chosen());
      choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
    }

    panel.addEventListener("htmx:afterSwap", () => open(document.activeElement === box));
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && chosen() && !panel.hidden) {
        event.preventDefault();
        window.location.assign(chosen().href);
      } else if (event.key === "Escape" && !panel.hidden) {
        event.preventDefault();
        open(false);
      }
    });
    box.addEventListener("focus", () => open(box.value.trim() !== ""));
    document.addEventListener("focusin", (event) => {
      if (!event.target.closest(".topbar-search")) open(false);
    });
    document.addEventListener("click", (event) => {
      if (!event.target.closest(".topbar-search")) open(false);
    });
  });
})();
