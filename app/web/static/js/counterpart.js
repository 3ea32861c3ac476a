// Pickers, confirmations, htmx's CSRF header and what is announced: everything that pages do in the browser.
(() => {
  "use strict";

  const SELECTS = "select[data-picker-url], select[data-select], select.my_select2";

  // The page carries what scripts say in the reader's language.
  let words = null;

  function say(text) {
    words = words || JSON.parse(document.body.dataset.words || "{}");
    return words[text] || text;
  }

  function announce(text) {
    const region = document.getElementById("announcements");
    if (region) region.textContent = text;
  }

  // Pickers -----------------------------------------------------------------------------------------------------

  function remoteOptions(select) {
    const address = new URL(select.dataset.pickerUrl, window.location.href);
    return {
      valueField: "id",
      labelField: "text",
      searchField: ["text"],
      preload: "focus",
      shouldLoad: () => true,
      // The server decides what matches: it also looks at fields that the list doesn't show.
      score() {
        return (option) => (!this.found || this.found.has(String(option.id)) ? 1 : 0);
      },
      // What matched the letters before is not offered while the answer to the new ones is on its way.
      onType() {
        this.found = new Set();
        this.waiting = true;
        this.refreshOptions(false);
      },
      load(query, done) {
        address.searchParams.set("q", query);
        const asked = (this.asked = (this.asked || 0) + 1);
        fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" })
          .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
          .then((data) => {
            if (asked !== this.asked) return done();
            this.waiting = false;
            this.found = new Set(data.results.map((option) => String(option.id)));
            this.clearOptions((option) => this.items.includes(String(option.id)));
            done(data.results);
          })
          .catch(() => {
            this.waiting = false;
            announce(say("The list could not be loaded. Try again."));
            done();
          });
      },
    };
  }

  function rendered(select) {
    const line = (data, escape) =>
      `<div><div>${escape(data.text)}</div>${data.hint ? `<div class="picker-hint">${escape(data.hint)}</div>` : ""}</div>`;
    return {
      ...(select.dataset.pickerUrl ? { option: line } : {}),
      no_results() {
        return `<div class="no-results">${this.waiting ? say("Searching…") : say("Nothing matches. Try other words.")}</div>`;
      },
      loading: () => `<div class="no-results">${say("Searching…")}</div>`,
    };
  }

  function enhance(select) {
    if (select.tomselect || select.disabled) return;
    const described = ["aria-describedby", "aria-invalid"].map((name) => [name, select.getAttribute(name)]);
    const picker = new window.TomSelect(select, {
      plugins: select.multiple || (select.dataset.pickerUrl && !select.required) ? { remove_button: { title: say("Remove") } } : {},
      placeholder: select.dataset.placeholder || select.getAttribute("placeholder") || "",
      allowEmptyOption: !select.multiple && !select.dataset.pickerUrl,
      maxOptions: 1000,
      hidePlaceholder: true,
      render: rendered(select),
      ...(select.dataset.pickerUrl ? remoteOptions(select) : {}),
      onItemAdd() {
        this.setTextboxValue("");
        if (select.multiple) this.refreshOptions(false);
      },
    });
    for (const [name, value] of described) {
      if (value) picker.control_input.setAttribute(name, value);
    }
    if (select.required) picker.control_input.setAttribute("aria-required", "true");
    // People use the picker; the select behind it only carries the value.
    select.setAttribute("aria-hidden", "true");
    nameList(picker, select);
  }

  function nameList(picker, select) {
    const label = select.labels && select.labels[0];
    const text = label ? label.textContent.trim() : select.getAttribute("aria-label");
    if (!text) return;
    picker.dropdown_content.setAttribute("aria-label", text);
    picker.dropdown_content.removeAttribute("aria-labelledby");
    if (!label) picker.control_input.setAttribute("aria-label", text);
  }

  function enhanceAll(root) {
    if (root.matches && root.matches(SELECTS)) enhance(root);
    for (const select of root.querySelectorAll(SELECTS)) enhance(select);
  }

  // Confirmation ------------------------------------------------------------------------------------------------

  function confirmFirst(event) {
    const form = event.target;
    const button = event.submitter;
    const text = (button && button.dataset.confirm) || form.dataset.confirm;
    const dialog = document.getElementById("confirm-dialog");
    if (!text || !dialog || form.dataset.confirmed) return;
    event.preventDefault();
    dialog.querySelector("[data-confirm-text]").textContent = text;
    dialog.querySelector("[data-confirm-ok]").textContent =
      (button && (button.dataset.confirmLabel || button.textContent.trim() || button.title)) || say("Continue");
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue !== "ok") return;
        form.dataset.confirmed = "true";
        form.requestSubmit(button);
        delete form.dataset.confirmed;
      },
      { once: true },
    );
  }

  // htmx --------------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (event.detail.verb !== "get") {
      if (token) event.detail.headers["X-CSRFToken"] = token.content;
      return;
    }
    // Empty filters stay out of the address.
    for (const [name, value] of Object.entries(event.detail.parameters)) {
      if (value === "") delete event.detail.parameters[name];
    }
  });
  // What refreshes itself leaves the server alone while nobody looks.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.hasAttribute("data-polite")) event.preventDefault();
  });
  document.addEventListener("htmx:load", (event) => enhanceAll(event.detail.elt));
  document.addEventListener("htmx:afterSettle", (event) => {
    const news = event.target.querySelector && event.target.querySelector("[data-announce]");
    if (news) announce(news.textContent.trim());
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    // A session that has ended, and a page that answers with its own explanation, are shown as whole pages.
    if (event.detail.requestConfig.verb === "get" && status !== 429) {
      window.location.assign(event.detail.pathInfo.finalRequestPath);
      return;
    }
    announce(say("That did not work. Reload the page and try again."));
  });
  document.addEventListener("htmx:sendError", () => announce(say("The server can't be reached. Try again in a moment.")));

  // Everything else ---------------------------------------------------------------------------------------------

  document.addEventListener("submit", confirmFirst);
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-notice]");
    if (close) close.closest(".notice").remove();
    const link = event.target.closest("[data-error-summary] a[href^='#']");
    const refused = link && document.getElementById(link.hash.slice(1));
    if (refused && refused.tomselect) {
      event.preventDefault();
      refused.tomselect.focus();
    }
  });
  // As a drawer the menu is a dialog, which needs a name; as a column of the page it is none.
  document.addEventListener("show.bs.offcanvas", (event) => event.target.setAttribute("aria-label", say("Menu")));
  document.addEventListener("hidden.bs.offcanvas", (event) => event.target.removeAttribute("aria-label"));
  document.addEventListener("change", (event) => {
    const changed = event.target;
    if (changed.matches("[data-check-all]")) {
      for (const box of document.querySelectorAll(changed.dataset.checkAll)) box.checked = changed.checked;
    }
    if (changed.matches("[data-check-all], [data-bulk-everything], input[name='rowid']")) countChosen();
  });

  // How many rows are chosen; with all that match, the rows' own boxes say nothing.
  function countChosen() {
    const shown = document.querySelector("[data-bulk-count]");
    if (!shown) return;
    const everything = document.querySelector("[data-bulk-everything]").checked;
    const boxes = [...document.querySelectorAll("input[name='rowid'][form='bulk-form']")];
    for (const box of boxes) box.disabled = everything;
    const chosen = boxes.filter((box) => box.checked).length;
    shown.textContent = everything || !chosen ? "" : `${chosen} ${shown.dataset.bulkWords}`;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const search = document.querySelector("[data-shortcut='/']");
    if (!search) return;
    event.preventDefault();
    search.focus();
  });
  document.addEventListener("DOMContentLoaded", () => {
    enhanceAll(document);
    const summary = document.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  });

  // Rows of a form ----------------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (!button) return;
    const rows = document.querySelector(`[data-rows="${button.dataset.addRow}"]`);
    const number = rows.children.length;
    const row = rows.lastElementChild.cloneNode(true);
    for (const input of row.querySelectorAll("input")) {
      input.name = input.id = input.name.replace(/-\d+-/, `-${number}-`);
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, String(number + 1)));
    }
    for (const error of row.querySelectorAll(".field-error")) error.remove();
    rows.append(row);
    row.querySelector("input").focus();
  });
})();
