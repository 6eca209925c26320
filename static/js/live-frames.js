// What comes live is drawn with the next frame; a hidden page has none.

const due = new Map(); // list -> how it is drawn: `draw(list)`
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
  for (const [list, draw] of [...due]) {
    due.delete(list);
    draw(list);
  }
}
