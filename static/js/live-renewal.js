// The page, or one region of it, fetched again: as often as it takes, and once when it is asked for several times in a second.

import { resync } from "./live-resync.js";

const AGAIN = 1000; // ms between two fetches of the same; after one that failed up to three times as much, by chance

const renewals = new Map(); // region (null: the page) being fetched, or just fetched -> whether it is to be fetched once more

/** `done(region, head)` is called when it is fetched, with the head of the log that it is at least at, or 0. */
export function renew(region, done) {
  const held = renewals.get(region);
  if (held) held.isDue = true;
  else fetchNow(region, done);
}

function fetchNow(region, done) {
  const held = { isDue: false };
  renewals.set(region, held);
  const pause = new Promise((over) => setTimeout(over, AGAIN));
  resync(region).then(
    async (head) => {
      if (!held.isDue) done(region, head);
      await pause;
      next(region, held, done);
    },
    (error) => {
      console.warn("live:", error);
      setTimeout(fetchNow, AGAIN * (1 + 2 * Math.random()), region, done);
    },
  );
}

function next(region, { isDue }, done) {
  renewals.delete(region);
  if (isDue) fetchNow(region, done);
}
