// What the dashboard's feed adds to a live timeline: entries of what one may no longer see leave, customers are named as
// they are called now, a flood is read from the log when it is over, and older pages begin where the list ends.

const CALM = 2000; // ms without a cut, after which a flood is over
const names = new Map(); // topic -> what it is called
let calm = null;

const feed = () => document.getElementById("feed");

// Before live-lists.js, which knows entries that come and none that leave.
document.addEventListener("pulse:list", (event) => {
  const { event: what, item } = event.detail;
  if (event.target !== feed()) return;
  if (what === "leave") {
    event.stopPropagation();
    takeAway(item.root);
  } else if (item.flood) waitForCalm();
}, true);

// After it: the entry stands in the list.
document.addEventListener("pulse:list", ({ target, detail: { item } }) => {
  if (target !== feed()) return;
  const said = target.querySelector(`[data-seq="${item.seq}"] [data-name-of]:not(:has(.skeleton))`)?.textContent;
  if (said) names.set(item.root, said);
  if (names.has(item.root)) call(item.root, names.get(item.root));
});

document.addEventListener("pulse:panel", ({ detail: { panel } }) => {
  for (const [topic, name] of Object.entries(panel.names ?? {})) {
    names.set(topic, name);
    call(topic, name);
  }
});

function call(topic, name) {
  for (const place of feed().querySelectorAll(`[data-name-of="${CSS.escape(topic)}"]`)) {
    if (place.textContent !== name) place.textContent = name;
  }
}

function takeAway(topic) {
  names.delete(topic);
  for (const entry of feed().querySelectorAll(`[data-root="${CSS.escape(topic)}"]`)) entry.remove();
  document.getElementById(feed().dataset.empty).hidden = feed().children.length > 0;
}

const sayFlood = (isFlood) => { document.getElementById("feed-flood").hidden = !isFlood; };

/** Each reader asks at a moment of their own. */
function waitForCalm() {
  sayFlood(true);
  clearTimeout(calm);
  calm = setTimeout(() => feed().dispatchEvent(new CustomEvent("pulse:renew", { bubbles: true })), CALM * (1 + Math.random()));
}

document.addEventListener("pulse:renewed", ({ target }) => { if (target === feed()) sayFlood(false); });

// Entries that fell off the full list's end are older than its last, and no page has shown them. No more of them fall off
// until those that are asked for stand behind them.
document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (!target.closest("#feed-older")) return;
  const isFull = feed().children.length >= Number(feed().dataset.most);
  if (isFull) detail.parameters.before = feed().lastElementChild.dataset.seq;
  feed().dataset.most = "";
});

// What somebody has asked for is not cut off by the next entry that comes.
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target === feed()) feed().dataset.most = feed().children.length + 20;
});
