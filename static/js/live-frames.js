// What comes live is drawn with the next frame of the screen; of a flood some in each. A hidden page has no frames.

const AT_ONCE = 4; // records, or rows, of a frame: each costs far more after the script, in style, layout and paint

const due = new Map(); // what is drawn -> how: `draw(what)`
let isDrawing = false;

/** Takes out of a map what may be drawn now. */
export function take(coming) {
  const taken = document.hidden ? [...coming] : [...coming].slice(0, AT_ONCE);
  for (const [key] of taken) coming.delete(key);
  return taken;
}

export function soon(what, draw) {
  if (document.hidden) return draw(what);
  due.set(what, draw);
  if (!isDrawing) requestAnimationFrame(drawAll);
  isDrawing = true;
}

function drawAll() {
  isDrawing = false;
  for (const [what, draw] of [...due]) {
    due.delete(what);
    draw(what);
  }
}

document.addEventListener("visibilitychange", () => { if (document.hidden) drawAll(); });
