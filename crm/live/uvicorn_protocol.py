"""uvicorn's websocket with what it lacks: frames that are framed already go straight to the transport."""

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from crm.live.wire import offer_write

if TYPE_CHECKING:
    from websockets.http11 import Request


class LiveProtocol(WebSocketsSansIOProtocol):
    scope: Any

    def handle_connect(self, event: "Request") -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake was one, so there is a scope, and the application has yet to read it
            offer_write(self.scope, self.write)

    def write(self, frame: bytes) -> bool:
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True
