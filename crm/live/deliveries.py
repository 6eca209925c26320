"""Times what was sent: for each change, when it left this process and when the last watcher had painted it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crm.live.socket import Socket
from crm.timings import clock, recorder

LATE = timedelta(seconds=5)


@dataclass(eq=False)
class Delivery:
    """One change on its way to the screens of this process."""

    seq: int
    sent_at: datetime
    watchers: int = 0
    waiting: set[Socket] = field(default_factory=set)
    acked: int = 0
    acked_at: datetime | None = None


class Deliveries:
    """Browsers acknowledge each painted change; programs may, and count once they did. Who is late counts as late."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.open: dict[int, Delivery] = {}

    def expect(self, seq: int, socket: Socket) -> None:
        delivery = self.open.get(seq)
        if delivery is None:
            delivery = self.open[seq] = Delivery(seq, clock.now())
        delivery.watchers += 1
        if socket.acknowledges:
            delivery.waiting.add(socket)

    def acknowledge(self, seqs: list[int], socket: Socket) -> None:
        now = clock.now()
        for seq in seqs:
            delivery = self.open.get(seq)
            if delivery and socket in delivery.waiting:
                delivery.waiting.discard(socket)
                delivery.acked += 1
                delivery.acked_at = now

    def forget(self, socket: Socket) -> None:
        """A closed screen is nobody's watcher any more: it neither paints nor is late."""
        for delivery in self.open.values():
            delivery.waiting.discard(socket)

    def settle(self) -> None:
        """Writes down what is complete, or has been waited for long enough."""
        now = clock.now()
        for delivery in [each for each in self.open.values() if not each.waiting or now - each.sent_at >= LATE]:
            del self.open[delivery.seq]
            recorder.delivery(
                recorder.DeliveryRow(
                    seq=delivery.seq,
                    process=self.process,
                    sent_at=delivery.sent_at,
                    watchers=delivery.watchers,
                    acked_at=delivery.acked_at,
                    acked=delivery.acked,
                    late=len(delivery.waiting),
                    ended_at=now if delivery.waiting else delivery.acked_at or delivery.sent_at,
                )
            )
