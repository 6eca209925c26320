// Acknowledges changes after the paint that shows them; a hidden page does not paint, and has done all that it can.

import { say } from "./live-socket.js";

let drawn = [];

document.addEventListener("visibilitychange", () => { if (document.hidden) sayPainted(takeDrawn()); });

/** Called when they are drawn: the next frame paints them, and the task after its callback comes after its paint. */
export function acknowledge(seqs) {
  drawn.push(...seqs);
  if (document.hidden) sayPainted(takeDrawn());
  else requestAnimationFrame(() => setTimeout(sayPainted, 0, takeDrawn()));
}

export const forgetPainted = () => void takeDrawn();

function takeDrawn() {
  const seqs = drawn;
  drawn = [];
  return seqs;
}

function sayPainted(seqs) {
  if (seqs.length) say({ ack: seqs });
}
