"""What the clock does for requests: finds what was lost, wakes pools that nobody woke."""

from crm.requests import engine, waking
from crm.requests.desk import placement
from crm.requests.kinds import kinds


def sweep() -> None:
    engine.sweep()
    placement.offer_anew()
    for queue in sorted({kind.queue for kind in kinds()}):
        if count := engine.ready(queue, most=max(waking.slots(), 1)):
            waking.wake(queue, count)
