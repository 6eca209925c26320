// Acknowledges changes after the paint that shows them; a hidden page does not paint, and has done all that it can.

import { say } from "./live-socket.js";

let painted = [];

/** Called while a frame is drawn: the next task comes after its paint. */
export function acknowledge(seqs) {
  painted.push(...seqs);
  if (document.hidden) sayPainted();
  else setTimeout(sayPainted);
}

export function forgetPainted() {
  painted = [];
}

function sayPainted() {
  if (painted.length) say({ ack: painted });
  painted = [];
}
