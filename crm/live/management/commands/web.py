"""One web process: pages, API and sockets, on daphne or, with SERVER=uvicorn, on uvicorn."""

import socket
from typing import Any

from channels.routing import get_default_application
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.template.loader import get_template

from crm.live.prompt import be_prompt
from crm.readiness import say_ready

SECONDS_TO_FINISH = 8


class Command(BaseCommand):
    help = "Serves pages, the API and websockets."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fd", type=int, help="a listening socket that we inherited, shared by several processes")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, fd: int | None, host: str, port: int, **options: Any) -> None:
        read_templates()
        listening = socket.socket(fileno=fd) if fd is not None else listen(host, port)
        serve = serve_uvicorn if settings.SERVER == "uvicorn" else serve_daphne
        serve(listening)


def read_templates() -> None:
    """All of ours (0.1 s), before a newer version lies in their place: until it is renewed, this process draws them."""
    for folder in settings.TEMPLATE_FOLDERS:
        for path in folder.rglob("*.html"):
            get_template(str(path.relative_to(folder)))


def listen(host: str, port: int) -> socket.socket:
    """With Nagle's algorithm, which accepted sockets would inherit, an answer takes 44 ms."""
    listening = socket.create_server((host, port), backlog=1024)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve_daphne(listening: socket.socket) -> None:
    from crm.live.server import LiveServer  # before the application: it chooses Twisted's reactor

    be_prompt()
    proxy = {}
    if settings.BEHIND_PROXY:
        proxy = {
            "proxy_forwarded_address_header": "X-Forwarded-For",
            "proxy_forwarded_port_header": "X-Forwarded-Port",
            "proxy_forwarded_proto_header": "X-Forwarded-Proto",
        }
    LiveServer(
        get_default_application(),
        endpoints=[f"fd:fileno={listening.detach()}"],
        server_name="",
        request_buffer_size=64 * 1024,
        **proxy,
    ).run()


def serve_uvicorn(listening: socket.socket) -> None:
    import uvicorn

    from crm.live.uvicorn_protocol import LiveProtocol

    be_prompt()
    config = uvicorn.Config(
        get_default_application(),
        ws=LiveProtocol,
        ws_per_message_deflate=False,  # once for each socket; frames are small, and the network is rarely the slow part
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        proxy_headers=settings.BEHIND_PROXY,
        forwarded_allow_ips="*",
    )

    class ReadyServer(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            say_ready()

    ReadyServer(config).run(sockets=[listening])
