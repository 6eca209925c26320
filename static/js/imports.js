// An import's page: the bar follows the rows done; when the state changes, what can be done next is drawn by the server.

const IMPORT = "[data-behaviour~='import']";
const DROP = "[data-behaviour~='drop']";

document.addEventListener("pulse:patched", ({ target, detail: { fields } }) => {
  if (!target.matches(IMPORT)) return;
  const bar = target.querySelector("progress");
  if (bar && fields.position !== undefined) bar.value = fields.position;
  if (fields.state !== undefined && fields.state !== target.dataset.state) redraw(target);
});

/** A row of the list of imports shows its new state likewise. */
document.addEventListener("pulse:patched", ({ target, detail: { fields } }) => {
  if (target.matches("tr[data-record^='import:']") && fields.state !== undefined) redraw(target);
});

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.(DROP);
    if (!zone || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", name === "dragenter" || name === "dragover");
    if (name === "drop") take(zone, event.dataTransfer.files);
  });
}

/** In its place, where it is asked for once more if the next state comes before the answer: that may be drawn before it. */
function redraw(node) {
  const place = node.id ? `#${node.id}` : `[data-record="${CSS.escape(node.dataset.record)}"]`;
  htmx.ajax("GET", location.href, { source: node, target: node, select: place, swap: "morph:outerHTML" });
}

function take(zone, files) {
  const input = zone.querySelector("input[type='file']");
  input.files = files;
  input.form.requestSubmit();
}
