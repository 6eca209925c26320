"""daphne's server with what it lacks: senders wait for slow readers, frames go straight to the kernel while it takes
them, and a stop tells sockets to come back."""

# daphne must be imported before anything else of Twisted: it installs the asyncio reactor.
from daphne.server import Server  # isort: skip

import asyncio
import time
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from crm.live.wire import offer_write
from crm.readiness import say_ready

SERVICE_RESTART = 1012
SECONDS_TO_LET_GO, SECONDS_TO_FINISH = 2.0, 5.0
MOST_BETWEEN = 0.02  # seconds between two sockets that are sent elsewhere


@implementer(IPushProducer)
class Flow:
    """Open while the transport takes data; closed from its high-water mark (64 KiB unsent) until it is empty."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's names)
        self.open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self.open.set()

    def stopProducing(self) -> None:  # noqa: N802
        self.open.set()


class LiveServer(Server):  # type: ignore[misc]  # daphne has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flows: WeakKeyDictionary[Any, Flow] = WeakKeyDictionary()
        self.ports: list[Any] = []
        self.channels: WeakSet[Any] = WeakSet()
        self.is_draining = False

    def listen_success(self, port: Any) -> None:
        self.http_factory.log = lambda _request: None  # lines that nobody reads
        self.ports.append(port)
        super().listen_success(port)
        say_ready()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, WebSocketProtocol):
            offer_write(scope, partial(self.write, protocol))
        return super().create_application(protocol, scope)

    def write(self, protocol: Any, frame: bytes) -> bool:
        """Sends a frame without autobahn's and Twisted's queues, which cost several times the system call itself."""
        flow, transport = self.flows.get(protocol), protocol.transport
        if protocol.state != WebSocketProtocol.STATE_OPEN or flow is None or not flow.open.is_set():
            return False
        if transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting:
            return False  # something is before us
        sent = transport.writeSomeData(frame)
        if not isinstance(sent, int):
            return False  # the connection is lost, which Twisted finds out for itself
        if sent < len(frame):
            transport.write(frame[sent:])
        return True

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Returns when there is room for more, so an ASGI `send` is as slow as its reader."""
        if message["type"] == "http.response.start" and not self.is_gone(protocol):
            self.answer_on(protocol)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.release(protocol)
        channel = getattr(protocol, "channel", None)  # which a request that is answered knows no more
        await super().handle_reply(protocol, message)
        if message["type"] == "http.response.body" and channel:
            self.send_at_once(channel.transport)
        if message["type"] == "websocket.accept" or message.get("more_body"):
            self.control(protocol)
        flow = self.flows.get(protocol)
        if flow is not None and not flow.open.is_set():
            await flow.open.wait()

    def send_at_once(self, transport: Any) -> None:
        """Without another turn of the reactor, which alone ends a connection that is to end with what is sent."""
        if transport.connected and not transport.disconnecting:
            transport.doWrite()

    def control(self, protocol: Any) -> None:
        if protocol in self.flows or self.is_gone(protocol):
            return
        flow = self.flows[protocol] = Flow()
        if isinstance(protocol, WebRequest):
            protocol.registerProducer(flow, True)
        else:
            # The HTTP channel that the socket came from is still registered, and has nothing left to pause.
            protocol.transport.unregisterProducer()
            protocol.transport.registerProducer(flow, True)

    def release(self, protocol: Any) -> None:
        """Twisted wants a request's producer gone before the request is finished."""
        if self.flows.pop(protocol, None) is not None and not self.is_gone(protocol):
            protocol.unregisterProducer()

    def is_gone(self, protocol: Any) -> bool:
        return bool(self.connections.get(protocol, {"disconnected": True}).get("disconnected"))

    def answer_on(self, protocol: WebRequest) -> None:
        """On a connection that may be kept for further requests, unless we are about to end."""
        self.channels.add(protocol.channel)
        if self.is_draining:
            protocol.channel.persistent = False
            protocol.responseHeaders.setRawHeaders(b"Connection", [b"close"])

    def kill_all_applications(self) -> "defer.Deferred[None]":
        """Called by daphne when a stop was asked for; the process ends when the result is there."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self.drain()))

    async def drain(self) -> None:
        """Others accept from now on. Who keeps a connection to us is told with its next answer to let go of it."""
        self.is_draining = True
        for port in self.ports:
            port.stopListening()
        await self.send_elsewhere()
        await self.let_go()
        await self.finish(self.at_work(), SECONDS_TO_FINISH)
        for application in self.at_work():
            application.cancel()
        # What still waits when the interpreter ends can crash it (seen with 3.11.7).
        await self.finish(self.at_work(), 1.0)

    async def send_elsewhere(self) -> None:
        """One socket after the other, each served until then: all at once would wait for each other where they go."""
        sockets = [each for each in self.connections if isinstance(each, WebSocketProtocol)]
        for protocol in sockets:
            if protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=SERVICE_RESTART)  # sendClose lets servers say 1000 alone
                await asyncio.sleep(min(MOST_BETWEEN, SECONDS_TO_LET_GO / len(sockets)))

    async def let_go(self) -> None:
        """Closing a connection in the moment in which its next request arrives would fail that request."""
        ends = time.monotonic() + SECONDS_TO_LET_GO
        while time.monotonic() < ends and any(not each.transport.disconnected for each in self.channels):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def finish(self, applications: list["asyncio.Future[None]"], seconds: float) -> None:
        if applications:
            await asyncio.wait(applications, timeout=seconds)

    def at_work(self) -> list["asyncio.Future[None]"]:
        found = [details.get("application_instance") for details in self.connections.values()]
        return [application for application in found if application and not application.done()]
