// What comes live is drawn with the next frame, and as much of it as a frame has room for; a hidden page has none.

const AT_ONCE = 8; // ms of a frame; what is left has the next one

const due = new Map(); // list -> how it is drawn: `draw(list, until)`
let isDrawing = false;

export function soon(list, draw) {
  due.set(list, draw);
  if (isDrawing) return;
  isDrawing = true;
  if (document.hidden) setTimeout(drawAll);
  else requestAnimationFrame(drawAll);
}

function drawAll() {
  isDrawing = false;
  const until = performance.now() + AT_ONCE;
  for (const [list, draw] of [...due]) {
    due.delete(list);
    draw(list, until);
  }
}
