// Toasts, with undo instead of "are you sure?". The server sends `HX-Trigger: {"pulse:toast": {"text": "…", "undo": "/url/"}}`.

const SECONDS = 6, SECONDS_WITH_UNDO = 10;
const stack = document.getElementById("toasts");

document.addEventListener("pulse:toast", ({ detail }) => show(detail));
// Heard on the request itself: an element that a live change took away meanwhile triggers nothing that comes up here.
document.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => {
  xhr.addEventListener("error", () => show({ text: stack.dataset.unreachable, bad: true }));
  xhr.addEventListener("load", () => { if (isFailure(xhr.status)) show({ text: stack.dataset[`status${xhr.status}`] ?? stack.dataset.failed, bad: true }); });
});

/** Refusals (409, 422) say themselves what is wrong. */
const isFailure = (status) => status >= 400 && status !== 409 && status !== 422;

if (stack?.children.length) stack.showPopover();
for (const toast of stack?.children ?? []) settle(toast, SECONDS);

function show({ text, undo, bad }) {
  const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  toast.querySelector(".text").textContent = text;
  toast.classList.toggle("bad", Boolean(bad));
  if (undo) offer(toast, undo);
  stack.append(toast);
  // Shown anew, so that it lies above a dialog that was opened since.
  stack.hidePopover();
  stack.showPopover();
  settle(toast, undo ? SECONDS_WITH_UNDO : SECONDS);
}

function offer(toast, url) {
  const button = toast.querySelector(".undo");
  button.hidden = false;
  button.addEventListener("click", () => {
    toast.remove();
    htmx.ajax("POST", url, { swap: "none" });
  });
}

/** Goes by itself, but not while it is pointed at or has the focus. */
function settle(toast, seconds) {
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : toast.remove());
  setTimeout(leave, seconds * 1000);
  toast.querySelector(".close").addEventListener("click", () => toast.remove());
}
