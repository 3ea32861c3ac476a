// Texts that a choice brings along: a field that is empty, or still holds what an earlier choice brought, is filled.
"use strict";

(() => {
  const brought = new WeakMap();

  async function bring(select) {
    const chosen = select.value;
    const address = new URL(select.dataset.textsUrl, window.location.href);
    address.searchParams.set("type", chosen);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    // Another choice may have been made while this answer was on its way.
    if (!answer.ok || select.value !== chosen) return;
    const texts = await answer.json();
    for (const name of ["subject", "body"]) {
      const field = select.form?.elements[name];
      if (!field || (field.value.trim() && field.value !== brought.get(field))) continue;
      field.value = texts[name] ?? "";
      brought.set(field, field.value);
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-texts-url]") && event.target.value) bring(event.target);
  });
})();
