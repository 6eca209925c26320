// When too much was missed to replay: the page is fetched again and morphed into place, region by region. What somebody
// is typing stays, and so do scroll, focus and open menus.

import { wording } from "./values.js";

const REGIONS = ["#main", ".side", "meta[name='pulse-live']", "#page-words"];
const TYPED = "input:not([type=hidden], [type=checkbox], [type=radio]), textarea, select";
const OURS = ["open", "data-live-name"]; // attributes that the server knows nothing of
const KEPT = "form, [data-presence-field]"; // a field in editing reads as text in the fresh page

/** One region (the nearest element that says it is one, else the element itself), or all of the page.

    Resolves to the head of the log that it is at least at; 0 where there is no such page any more. */
export async function resync(region) {
  const address = location.href, fresh = await page(address);
  if (location.href !== address) return resync(region); // the reader has gone on: this is not what is shown
  const part = region?.closest("[data-region]") ?? region;
  const chosen = part ? [`#${CSS.escape(part.id)}`] : REGIONS;
  for (const selector of chosen) morph(document.querySelector(selector), fresh?.querySelector(selector));
  if (!region) await renewDrawer();
  if (!region && fresh) Object.assign(wording.directory, JSON.parse(fresh.getElementById("page-words").textContent).directory);
  document.dispatchEvent(new CustomEvent("pulse:clear-selection"));
  document.dispatchEvent(new CustomEvent("pulse:resynced"));
  return Number(fresh?.querySelector(REGIONS[2]).dataset.head ?? 0);
}

async function renewDrawer() {
  const address = shownInDrawer(), fresh = address && await page(address);
  if (fresh && shownInDrawer() === address) morph(document.getElementById("drawer"), fresh.body.innerHTML, "innerHTML");
}

const shownInDrawer = () => document.querySelector("#drawer [data-refresh]")?.dataset.refresh;

/** Nothing where there is no such page for this reader any more; what is shown then stays, marked as gone. */
async function page(address) {
  const answer = await fetch(address, { headers: { "X-Requested-With": "resync" }, credentials: "same-origin" });
  if (answer.status >= 500) throw new Error(`resync: ${answer.status}`);
  return answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

function morph(held, fresh, morphStyle = "outerHTML") {
  if (!held || !fresh) return;
  Idiomorph.morph(held, fresh, {
    morphStyle,
    ignoreActiveValue: true,
    callbacks: {
      beforeNodeMorphed: (node) => !isInUse(node),
      beforeNodeRemoved: (node) => !isInUse(node),
      beforeAttributeUpdated: (name) => !OURS.includes(name),
    },
  });
  htmx.process(held);
}

/** A form, or a field in editing, that somebody is in or has typed into. */
function isInUse(node) {
  if (node.nodeType !== Node.ELEMENT_NODE || !node.matches(KEPT)) return false;
  return node.contains(typing()) || [...node.querySelectorAll(TYPED)].some((each) => isTyped(each));
}

function typing() {
  const active = document.activeElement;
  return active?.matches?.(TYPED) ? active : null;
}

function isTyped(control) {
  const options = control.options && [...control.options];
  return options ? options.some((each) => each.selected !== each.defaultSelected) : control.value !== control.defaultValue;
}
