// The connection: comes back by itself after a loss, and takes silence for one. live.js says what to do with what is heard.

const SILENCE = 2200; // ms without a word (the server says its head each second) after which we are not live
const DOOR = 5000; // ms for a connection to come about, and then for what was missed, after which another is tried
const SLOWEST = 1000; // ms between two attempts, up to half as much again by chance: all are back 2 s after a repair
const NOT_WELCOME = 4401;

let socket = null, isCurrent = false, retries = 0, heardAt = 0, timer = null, ears = null;

/** `hear(message)` for each message, `lost()` when nothing more will come. */
export function keepConnected(hear, lost) {
  ears = { hear, lost };
  connect();
  setInterval(watchSilence, 250);
  window.addEventListener("online", () => { if (socket.readyState === WebSocket.CLOSED) connect(); });
  window.addEventListener("pagehide", () => socket.close());
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) comeBack(); });
}

export const isOpen = () => socket?.readyState === WebSocket.OPEN;

export function say(command) {
  if (isOpen()) socket.send(JSON.stringify(command));
}

/** Asks for the server's time; the answer names what is returned here. */
export function ping() {
  const now = performance.now();
  say({ ping: now });
  return now;
}

function connect() {
  clearTimeout(timer);
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`);
  [isCurrent, heardAt] = [false, performance.now()];
  socket.onmessage = ({ data }) => {
    heardAt = performance.now();
    const message = JSON.parse(data);
    if ("head" in message && !("epoch" in message)) [isCurrent, retries] = [true, 0];
    ears.hear(message);
  };
  socket.onclose = ({ code }) => lose(code);
}

/** To a page that was left and kept: the end of its socket may be told only now, and is not that of the next. */
function comeBack() {
  leave();
  connect();
}

function leave() {
  socket.onmessage = socket.onclose = null;
  ears.lost();
}

function lose(code) {
  leave();
  if (code === NOT_WELCOME) return location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  timer = setTimeout(connect, Math.min(200 * 2 ** retries++, SLOWEST) * (0.5 + Math.random()));
}

function watchSilence() {
  const isOver = socket.readyState > WebSocket.OPEN;
  if (!isOver && performance.now() - heardAt > (isCurrent ? SILENCE : DOOR)) {
    const silent = socket;
    lose(1006);
    silent.close();
  }
}
