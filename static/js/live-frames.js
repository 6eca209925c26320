// What comes live is drawn at once, and of a flood some before each frame of the screen; a hidden page has no frames. Script,
// then style and layout, are tasks of their own: in a frame's callback they would be one with its paint, and block for all three.

const A_TASK = 4, A_FRAME = 8; // records, or rows

const due = new Map(); // what is drawn -> how: `draw(what)`
const { port1, port2 } = new MessageChannel(); // the next task comes sooner by it than by a timer
let left = A_FRAME; // of what may be drawn before the next frame
let isComing = false; // the next task

port1.onmessage = work;
document.addEventListener("visibilitychange", () => { if (document.hidden) for (const what of [...due.keys()]) draw(what); });

export function soon(what, how) {
  due.set(what, how);
  if (document.hidden) draw(what);
  else goOn();
}

/** Takes out of a map what may be drawn now. */
export function take(coming) {
  const taken = document.hidden ? [...coming] : [...coming].slice(0, Math.min(A_TASK, left));
  for (const [key] of taken) coming.delete(key);
  if (!document.hidden) left -= taken.length;
  return taken;
}

function goOn() {
  if (due.size && left) post();
}

function post() {
  if (!isComing) port2.postMessage(null);
  isComing = true;
}

function work() {
  isComing = false;
  if (due.size && left) drawNext();
  else void document.body.offsetHeight; // style and layout of all that was drawn
}

function drawNext() {
  if (left === A_FRAME) requestAnimationFrame(refill);
  draw(due.keys().next().value);
  if (left) goOn();
  else post();
}

/** In a frame's callback: the next task comes after its paint. */
function refill() {
  left = A_FRAME;
  goOn();
}

function draw(what) {
  const how = due.get(what);
  due.delete(what);
  how(what);
}
