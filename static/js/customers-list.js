// The list's columns, which the browser remembers, and what is done to all selected rows at once.

const YEAR = 365 * 24 * 3600;

document.addEventListener("change", ({ target }) => {
  const chooser = target.closest("[data-behaviour~='columns']");
  if (!chooser) return;
  const hidden = [...chooser.querySelectorAll("input:not(:checked)")].map(({ value }) => value);
  const table = document.querySelector("table.customers");
  const others = table.dataset.hidden.split(" ").filter((name) => name === "pick");
  table.dataset.hidden = [...hidden, ...others].join(" ");
  document.cookie = `customer_columns=${hidden.join(".")}; path=/; max-age=${YEAR}; samesite=lax`;
});

// Each row goes with the version that is on the screen now, not with that of when the page was drawn.
document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (!target.matches("form[data-behaviour~='bulk']")) return;
  const rows = [...document.querySelectorAll("#customer-rows > [aria-selected='true']")];
  detail.parameters.pick = rows.map(({ dataset }) => `${dataset.record.split(":")[1]}:${dataset.version}`);
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-clear-selection]")) document.dispatchEvent(new CustomEvent("pulse:clear-selection"));
});

// A list drawn anew has nothing selected.
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id === "list") document.dispatchEvent(new CustomEvent("pulse:clear-selection"));
});
