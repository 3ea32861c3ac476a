// Words in an order whose choice hangs on another field: places offer what goes with that field's value.
"use strict";

(() => {
  function follow(list, decider) {
    const value = decider.value;
    const selects = [...list.querySelectorAll("select")];
    const chosen = new Set(selects.map((select) => select.value));
    for (const select of selects) {
      let key = "";
      for (const option of select.options) {
        const fits = !option.dataset.of || option.dataset.of.split(" ").includes(value);
        option.hidden = option.disabled = !fits;
        if (option.dataset.keyOf === value) key = option.value;
      }
      if (select.selectedOptions[0]?.disabled) {
        // What a row is about gives way to what it is about by now; anything else leaves its place empty.
        select.value = chosen.has(key) ? "" : key;
        chosen.add(select.value);
      }
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const list of document.querySelectorAll("[data-decided-by]")) {
      const decider = list.closest("form")?.elements[list.dataset.decidedBy];
      if (!decider) continue;
      decider.addEventListener("change", () => follow(list, decider));
      follow(list, decider);
    }
  });
})();
