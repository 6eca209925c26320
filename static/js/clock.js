// The server's time, as far as the socket has told how far ours is from it.

let offset = 0; // ms that the server's clock is ahead of ours
export let isSet = false;

export const now = () => new Date(Date.now() + offset);

/** Half the way there and back is taken for the way back: the offset as NTP reckons it. Gives that half, in ms. */
export function set(askedAt, at) {
  const half = (performance.now() - askedAt) / 2;
  offset = new Date(at).getTime() + half - Date.now();
  isSet = true;
  return half;
}
