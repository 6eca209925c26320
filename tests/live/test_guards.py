"""What keeps the promises, each shown to be needed: the same scenario with the guard and without it.

With the guard the fault checker finds nothing; without it the check that is meant for it does. The guards are taken out
in this process alone.
"""

import json
from random import Random

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from bench.faults.checker import judge
from bench.faults.history import Call, Clock, History
from bench.faults.run import different
from bench.faults.watcher import Watcher
from crm.live import mover as movers
from crm.live.commands import Watch, obey
from crm.live.hub import Hub
from crm.live.mover import connect
from crm.live.relay import Relay
from crm.live.socket import Identity, Socket
from crm.records import log, writing
from crm.records.models import Change
from customers import services
from customers.live import CUSTOMER
from customers.models import Customer
from tests.factories import make_customer, number_changes, people
from tests.live.hubs import begin

pytestmark = pytest.mark.django_db(transaction=True)

WITH_AND_WITHOUT = pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "not guarded"])


class Screen:
    """A client of the fault run, on a socket of a hub in this process."""

    def __init__(self, hub, user, customer):
        self.hub, self.user, self.customer = hub, user, customer
        self.watcher = Watcher("screen", "", Clock(), Random(1), topics=[customer.topic], view=None)

    async def show_page(self):
        epoch, head = await sync_to_async(log.position)()
        self.watcher.begin(epoch, head, {self.customer.topic: await held(self.customer)})

    async def come(self, position=None):
        """A connection that asks for what was missed since the page was shown; another epoch shows it anew."""
        self.socket = Socket(Identity(self.user.pk, None, None), self.user.access, self.send)
        self.hub.add(self.socket)
        wanted = {"watch": [self.customer.topic], "from": self.watcher.position, "epoch": self.watcher.epoch}
        await obey(self.hub, self.socket, wanted | ({} if position is None else {"from": position}))
        await self.settle()

    async def send(self, message):
        told = json.loads(message["text"])
        if told.get("resync") and "epoch" in told:
            await self.show_page()
        elif "epoch" not in told:
            self.watcher.take(told)

    async def settle(self):
        self.hub.send_heads()
        self.socket.flush()
        while self.socket.flushing and not self.socket.flushing.done():
            await self.socket.flushing


@sync_to_async
def held(customer):
    return CUSTOMER.project(Customer.objects.filter(pk=customer.pk).values(*CUSTOMER.columns).get())


@sync_to_async
def change(customer, actor, *titles):
    for title in titles:
        version = Customer.objects.values_list("version", flat=True).get(pk=customer.pk)
        services.update_customer(customer.pk, actor=actor, version=version, changes={"title": title})
    return number_changes()


async def broken_rules(screen):
    shown = {screen.customer.topic: await held(screen.customer)}
    differences = "; ".join(different(screen.watcher.values, shown, ("updated_at", "version")))
    history = History(heard={"screen": screen.watcher.heard})
    rows = await sync_to_async(list)(Change.objects.order_by("seq").values(*log.COLUMNS))
    return {failure.rule for failure in judge(history, rows, {"screen": differences} if differences else {})}


@pytest.fixture
async def screen():
    alice, customer = await begin()
    hub = Hub()
    await hub.take_position()
    found = Screen(hub, alice, customer)
    await found.show_page()
    await found.come()
    yield found
    await sync_to_async(connections.close_all)()


@WITH_AND_WITHOUT
async def test_gap_repair(screen, monkeypatch, is_guarded):
    """The bus loses the last frame of a record, and brings the next one of another."""
    hub = screen.hub

    async def believe(up_to):
        hub.head = max(hub.head, up_to)

    if not is_guarded:
        monkeypatch.setattr(hub, "repair", believe)
    await change(screen.customer, screen.user, "lost on the way")
    other = await sync_to_async(make_customer)(screen.user, name="Another")
    await change(other, screen.user, "arrives")
    rows = await sync_to_async(log.rows_after)(hub.head, 100)
    await hub.receive(hub.epoch, rows[-1:])
    await screen.settle()
    assert broken(is_guarded, {"promised", "unequal"}) == await broken_rules(screen)


@WITH_AND_WITHOUT
async def test_the_epoch(screen, monkeypatch, is_guarded):
    """A restore takes record and log back; what is written then has numbers that the screen believes to have."""
    start = screen.hub.head
    await change(screen.customer, screen.user, "after the backup", "and once more")
    await screen.hub.ask_log()
    await screen.settle()
    await sync_to_async(restore)(screen.customer, start)
    if not is_guarded:
        monkeypatch.setattr(Watch, "__init__", without_epoch(Watch.__init__))
    screen.hub = Hub()
    await screen.hub.take_position()
    await screen.come()
    await change(screen.customer, screen.user, "after the restore")
    await screen.hub.ask_log()
    await screen.settle()
    assert broken(is_guarded, {"unequal"}) == await broken_rules(screen)


@WITH_AND_WITHOUT
async def test_the_version_check_of_a_client(screen, monkeypatch, is_guarded):
    """A client comes back from an older position than it holds."""
    if not is_guarded:
        monkeypatch.setattr(Watcher, "is_news", applies_all)
    start = screen.hub.head
    await change(screen.customer, screen.user, "A", "B")
    await screen.hub.ask_log()
    await screen.settle()
    await screen.come(position=start)
    assert broken(is_guarded, {"applied twice", "promised"}) == await broken_rules(screen)


@WITH_AND_WITHOUT
def test_the_version_check_of_a_write(monkeypatch, is_guarded):
    """Two people save the same field, opened at the same version."""
    alice = people().alice
    customer = make_customer(alice)
    if not is_guarded:
        monkeypatch.setattr(services, "update_record", overwrite)
    calls = [save(customer, alice, title) for title in ("hers", "his")]
    number_changes()
    rows = list(Change.objects.order_by("seq").values(*log.COLUMNS))
    assert {each.rule for each in judge(History(calls), rows, {})} == broken(is_guarded, {"overwritten"})


@WITH_AND_WITHOUT
def test_the_low_water_sweep(empty_log, monkeypatch, is_guarded):
    """A slow transaction commits below the ids that were moved long ago."""
    if not is_guarded:
        monkeypatch.setattr(movers, "SWEEP_EVERY", float("inf"))
        monkeypatch.setattr(movers, "LONGEST_REST", float("inf"))
    staff = people()
    slow_one, quick_one = make_customer(staff.alice, name="Slow"), make_customer(staff.alice, name="Quick")
    now = [0.0]
    with connect() as own, connect() as slow:
        relay = Relay()
        mover = movers.Mover(own, relay.constants, lambda: now[0])
        drain(mover)
        slow.execute("BEGIN")
        slow.execute("UPDATE customers_customer SET title = 'slow' WHERE id = %s", [slow_one.pk])
        acknowledged = [save(quick_one, staff.alice, "quick")]
        for seconds in (1.0, 2.0):
            now[0] = seconds
            drain(mover)
        slow.execute("COMMIT")
        acknowledged.append(Call("w2", "title", slow_one.pk, "slow", 1, "", 0.0, 1, "acknowledged", 200, 0.0, 2))
        now[0] = 3.0
        drain(mover)
    rows = list(Change.objects.order_by("seq").values(*log.COLUMNS))
    assert {each.rule for each in judge(History(acknowledged), rows, {})} == broken(is_guarded, {"lost"})


def broken(is_guarded, rules):
    return set() if is_guarded else rules


def restore(customer, head):
    """A backup from before the first change: the record and the log are older, and the epoch is another."""
    with connect() as plain:
        plain.execute("SET session_replication_role = replica")
        plain.execute("UPDATE customers_customer SET title = '', version = 1 WHERE id = %s", [customer.pk])
        plain.execute("DELETE FROM change WHERE seq > %s", [head])
        plain.execute("UPDATE log_state SET head = %s, epoch = gen_random_uuid()", [head])


def without_epoch(init):
    def begin(self, *args):
        init(self, *args)
        self.is_other_epoch = False

    return begin


def applies_all(watcher, what, told):
    watcher.versions[told["record"]] = told["version"]
    watcher.note(what, seq=told["seq"], record=told["record"], version=told["version"])
    return True


def overwrite(model, projection, record_id, *, actor, version, changes):
    """Saves whatever was changed since the form was opened."""
    now = model.objects.values_list("version", flat=True).get(pk=record_id)
    return writing.set_columns(model, record_id, actor=actor, version=now, changes=changes)


def save(customer, actor, title):
    call = Call(title, "title", customer.pk, title, 1, "", 0.0, 1)
    try:
        row = services.update_customer(customer.pk, actor=actor, version=1, changes={"title": title})
    except services.Conflict:
        call.outcome = "refused"
    else:
        call.outcome, call.answer = "acknowledged", row["version"]
    return call


def drain(mover):
    while mover.move():
        pass
