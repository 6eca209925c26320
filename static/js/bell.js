// The bell's count shows only while something is unread; live-panels.js keeps the number itself.

document.addEventListener("pulse:panel", ({ target, detail: { panel } }) => {
  if (target.dataset.behaviour === "bell") target.hidden = !panel.unread;
});
