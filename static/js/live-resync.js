// When too much was missed to replay: the page is fetched again and morphed into place, region by region. What somebody
// is typing stays, and so do scroll and focus.

const REGIONS = ["#main", ".side", "meta[name='pulse-live']", "#page-words"];

/** One region (an element with an id), or all of the page; resolves when the page is as fresh as the fetch. */
export async function resync(region) {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "resync" }, credentials: "same-origin" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const chosen = region?.id ? [`#${CSS.escape(region.id)}`] : REGIONS;
  for (const selector of chosen) morph(document.querySelector(selector), fresh.querySelector(selector));
  const drawer = document.querySelector("#drawer [data-refresh]");
  if (drawer && !region) htmx.ajax("GET", drawer.dataset.refresh, { target: "#drawer" });
  document.dispatchEvent(new CustomEvent("pulse:resynced"));
}

function morph(held, fresh) {
  if (!held || !fresh) return;
  Idiomorph.morph(held, fresh, {
    ignoreActiveValue: true,
    callbacks: { beforeNodeMorphed: (node) => !node.contains?.(typing()) || node !== typing()?.closest("form, [data-field]") },
  });
  htmx.process(held);
}

function typing() {
  const active = document.activeElement;
  return active?.matches?.("input:not([type=checkbox]), textarea, select") ? active : null;
}
