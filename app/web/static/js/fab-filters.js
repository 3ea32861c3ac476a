// Adds and removes the search conditions of Flask-AppBuilder's own lists (users, roles, …).
(() => {
  "use strict";

  let made = 0;

  function addCondition(form, column, operation, value) {
    const pattern = form.querySelector(`template[data-filter-column="${CSS.escape(column)}"]`);
    if (!pattern) return null;
    const row = pattern.content.firstElementChild.cloneNode(true);
    const operations = row.querySelector("[data-filter-operation]");
    const field = row.querySelector("[data-filter-value] :is(input, select, textarea)");
    const rename = () => {
      field.name = `_flt_${operations.value}_${column}`;
    };
    made += 1;
    field.id = `filter-${made}`;
    field.setAttribute("aria-label", field.closest("[data-label]").dataset.label);
    field.removeAttribute("required");
    if (operation) {
      const wanted = [...operations.options].find((option) => option.text === operation);
      if (wanted) operations.value = wanted.value;
    }
    if (value !== undefined) {
      if (field.type === "checkbox") field.checked = true;
      else field.value = value;
    }
    operations.addEventListener("change", rename);
    row.querySelector("[data-filter-remove]").addEventListener("click", () => row.remove());
    rename();
    form.querySelector("[data-filter-rows]").append(row);
    return field;
  }

  function start(form) {
    for (const [column, operation, value] of JSON.parse(form.dataset.activeFilters)) {
      for (const one of Array.isArray(value) ? value : [value]) addCondition(form, column, operation, one);
    }
    const add = form.querySelector("[data-filter-add]");
    add.addEventListener("change", () => {
      const field = addCondition(form, add.value);
      add.value = "";
      if (field) field.focus();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("[data-fab-filters]")) start(form);
  });
})();
