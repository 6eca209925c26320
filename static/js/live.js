// The one client of the socket (docs/PROTOCOL.md). What arrives is told as events, which other files draw: `pulse:frame` (by
// live-changes.js), `pulse:list`, `pulse:panel`, `pulse:gone`, `pulse:presence`, `pulse:flood`; by live-position.js `pulse:renewed`.

import { wantsMore } from "./clock.js";
import { show } from "./live-changes.js";
import { report } from "./live-health.js";
import { forgetPainted } from "./live-paint.js";
import { fetchAnew, greet, keepPosition, reach } from "./live-position.js";
import { forgetHere, keepSayingHere } from "./live-presence.js";
import { keepConnected, ping } from "./live-socket.js";
import { answered, element, forget } from "./live-watching.js";

const tell = (target, name, detail) => target?.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));

function hear(message) {
  if (message.resync) takeResync(message);
  else if ("epoch" in message) greet(message);
  else if (message.frames) takeFrames(message.frames);
  else if ("head" in message) reach(message.head);
  else if (message.pong) takePong(message);
  else if ("panel" in message) tell(element(message.as), "pulse:panel", message);
  else if (message.gone) takeGone(message.gone);
  else if (message.presence) takePresence(message.presence);
  else if (message.error) console.warn("live:", message.error.topic, message.error.reason);
  else for (const event of ["enter", "move", "leave"]) if (message[event]) takeList(event, message);
}

function lost() {
  forget();
  forgetPainted();
  forgetHere();
  report.offline();
}

function takeResync(message) {
  if (message.as) tell(element(message.as), "pulse:flood");
  else fetchAnew(message);
}

function takeFrames(frames) {
  show(frames);
  report.delay(frames.at(-1).at);
}

function takePong({ pong, at }) {
  answered(pong);
  report.clock(pong, at);
  if (wantsMore()) setTimeout(ping, 1000);
}

/** The server watches them no more: should they come back, they are to be watched again. */
function takeGone(topics) {
  forget((topic) => !topics.includes(topic));
  for (const topic of topics) tell(document, "pulse:gone", { topic });
}

function takeList(event, message) {
  for (const item of message[event]) tell(element(message.as), "pulse:list", { event, item });
}

function takePresence(topics) {
  for (const [topic, people] of Object.entries(topics)) {
    tell(document, "pulse:presence", { topic, people: people.map(({ user, field }) => ({ id: user, field })) });
  }
}

if (document.querySelector("meta[name='pulse-live']")) {
  keepConnected(hear, lost);
  keepPosition();
  keepSayingHere();
  setInterval(ping, 10_000);
}
