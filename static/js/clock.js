// The server's time, as far as the socket has told how far ours is from it.

const KEPT = 8; // samples, as NTP's clock filter keeps

const samples = [];
let offset = 0; // ms that the server's clock is ahead of ours

export const now = () => new Date(Date.now() + offset);

export const isSet = () => samples.length > 0;

/** Few have been taken, so the best of them may still be one that waited long on one of its ways. */
export const wantsMore = () => samples.length < KEPT / 2;

/** Takes half of the round trip for the way back, and trusts the shortest trip of the last few. Gives that half, in ms. */
export function set(askedAt, at) {
  const half = (performance.now() - askedAt) / 2;
  samples.push({ half, offset: new Date(at).getTime() + half - Date.now() });
  if (samples.length > KEPT) samples.shift();
  ({ offset } = samples.reduce((best, each) => (each.half < best.half ? each : best)));
  return half;
}
