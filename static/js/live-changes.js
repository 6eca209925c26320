// Changes are told to those who draw them (`pulse:frame`) some before each frame of the screen, and acknowledged after it:
// each record's in the order of the log, which is all that counts, as its version decides.

import { soon, take } from "./live-frames.js";
import { acknowledge } from "./live-paint.js";

const coming = new Map(); // record -> its changes

export function show(frames) {
  for (const frame of frames) coming.set(frame.record, [...(coming.get(frame.record) ?? []), frame]);
  soon(coming, draw);
}

function draw() {
  const changes = take(coming).flatMap(([, ofRecord]) => ofRecord);
  for (const detail of changes) document.dispatchEvent(new CustomEvent("pulse:frame", { detail }));
  acknowledge(changes.map(({ seq }) => seq));
  if (coming.size) soon(coming, draw);
}
