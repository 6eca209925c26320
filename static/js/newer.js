// A list as a panel, which stays where it began: a bar says how many came since. They are fetched when it is pressed, or
// when nobody is at the list: it is at its top, and neither pointed at nor in the keyboard's hand.

const CALM = 1000; // ms, up to three times as much by chance: readers of one list do not all fetch it at once
const MOST = 100; // that are counted

const LIST = "[data-behaviour='newer']";
let timer = null;

document.addEventListener("pulse:panel", ({ target: list, detail: { panel } }) => {
  if (!list.matches(LIST) || panel.newer === undefined) return;
  list.querySelector(".waiting").hidden = panel.newer === 0;
  list.querySelector("[data-count]").textContent = panel.newer < MOST ? panel.newer : `${MOST}+`;
  if (panel.newer) renewSoon();
});

document.addEventListener("click", ({ target }) => {
  const list = target.closest(".waiting button")?.closest(LIST);
  if (list) htmx.trigger(list, "renew");
});

function renewSoon() {
  timer ??= setTimeout(renewWhenCalm, CALM * (1 + 2 * Math.random()));
}

/** The list that is there by then: it may have been fetched meanwhile. */
function renewWhenCalm() {
  timer = null;
  const list = document.querySelector(LIST);
  if (!list || list.querySelector(".waiting").hidden) return;
  if (isBusy(list)) renewSoon();
  else htmx.trigger(list, "renew");
}

const isBusy = (list) => window.scrollY >= 8 || list.matches(":hover") || list.contains(document.activeElement);
