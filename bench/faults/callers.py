"""Clients of the API: a steady rate of writes, and reads among them, whatever happens to the earlier ones."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

from bench.faults.history import MAKING, Call, Clock, History
from bench.faults.http import Answer, Http

PAUSE = 0.3  # seconds before a keyed call is tried again
STAGES = ("lead", "active", "vip", "at_risk", "lost")
SHARES = {"title": 44, "stage": 14, "note": 14, "ask": 8, "read": 20}  # of a hundred calls
WRITING = 0.8  # of all calls
KEYED = 0.5  # of the changes; what makes something has a key: nothing else would tell a repetition from a second one
# Statuses that say that nothing was done. A fault of ours (5xx) says nothing.
DONE, REFUSALS = range(200, 300), range(400, 500)


class Callers:
    """Calls concerning these customers; `versions` is what the clients know of them."""

    def __init__(self, http: Http, history: History, clock: Clock, rng: Random, versions: Mapping[int, int]) -> None:
        self.history, self.clock, self.rng = history, clock, rng
        self.versions = dict(versions)
        self.customers = sorted(versions)
        self.http = http
        self.under_way: set[asyncio.Task[None]] = set()

    async def begin(self, rate: float, until: float) -> None:
        """`rate` writes a second. An open loop: a call goes out when it is due, also while others wait."""
        number, began = 0, self.clock.now()
        while (due := began + number * WRITING / rate) < until:
            await asyncio.sleep(max(0.0, due - self.clock.now()))
            number += 1
            task = asyncio.create_task(self.call(self.draw(number)))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    async def finish(self, patience: float) -> None:
        """Until every call has its outcome; what is then still tried stays under way."""
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=patience)
        for task in list(self.under_way):
            task.cancel()
        self.http.close()

    def draw(self, number: int) -> Call:
        verb: Any = self.rng.choices(list(SHARES), list(SHARES.values()))[0]
        customer = self.rng.choice(self.customers)
        identity = f"w{number}"
        is_keyed = verb in MAKING or (verb != "read" and self.rng.random() < KEYED)
        value = self.rng.choice(STAGES) if verb == "stage" else identity
        call = Call(
            identity, verb, customer, value, self.versions[customer], identity if is_keyed else "", self.clock.now()
        )
        self.history.calls.append(call)
        return call

    async def call(self, call: Call) -> None:
        while call.outcome == "under way":
            call.tries += 1
            answer = await self.send(call)
            call.answered_at = self.clock.now()
            call.status = answer.status if answer else 0
            if answer and answer.status in DONE:
                call.outcome, call.answer = "acknowledged", self.learn(call, answer.content)
            elif answer and answer.status in REFUSALS:
                call.outcome = "refused"
                self.learn(call, answer.content)
            elif call.key:
                await asyncio.sleep(PAUSE)
            else:
                call.outcome = "unknown"

    async def send(self, call: Call) -> Answer | None:
        path = f"/api/customers/{call.customer}"
        headers = {"Idempotency_Key": call.key} if call.key else {}
        match call.verb:
            case "read":
                return await self.http.ask("GET", path)
            case "note":
                return await self.http.ask("POST", f"{path}/notes", {"body": call.value}, **headers)
            case "ask":
                wanted = {"kind": "call_back", "customer": call.customer, "payload": {"about": call.value}}
                return await self.http.ask("POST", "/api/requests", wanted | {"idempotency_key": call.key})
        return await self.http.ask("PATCH", path, {"version": call.version, call.verb: call.value}, **headers)

    def learn(self, call: Call, answer: Mapping[str, Any]) -> int:
        """What the answer says of the customer's version is what the next call is based on."""
        version = int(answer.get("version", 0))
        if call.verb in MAKING:
            return int(answer.get("id", 0))
        self.versions[call.customer] = max(self.versions[call.customer], version)
        return version
