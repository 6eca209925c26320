// Acknowledges changes after the paint that shows them; a hidden page does not paint, and has done all that it can.

import { say } from "./live-socket.js";

let painted = [], isPainting = false;

export function acknowledge(seqs) {
  painted.push(...seqs);
  if (document.hidden) return sayPainted();
  if (!isPainting) requestAnimationFrame(() => setTimeout(sayPainted));
  isPainting = true;
}

export function forgetPainted() {
  painted = [];
}

function sayPainted() {
  if (painted.length) say({ ack: painted });
  painted = [];
  isPainting = false;
}

document.addEventListener("visibilitychange", () => { if (document.hidden) sayPainted(); });
