"""The client's half of a WebSocket (RFC 6455), as much of it as measuring needs."""

import struct

TEXT, PING, PONG = 0x81, 0x89, 0x8A


def handshake(address: tuple[str, int], path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {address[0]}:{address[1]}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def masked(kind: int, payload: bytes) -> bytes:
    """A client's message; the mask is of zeros, which leaves the payload as it is."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
    return bytes([kind]) + length + bytes(4) + payload


def messages(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """First byte and payload of each whole message from a server, which does not mask them; and what is left."""
    found, start = [], 0
    while len(data) - start >= 2:
        size, begin = data[start + 1], start + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size, begin = int.from_bytes(data[begin : begin + width], "big"), begin + width
        if len(data) < begin + size:
            break
        found.append((data[start], data[begin : begin + size]))
        start = begin + size
    return found, data[start:]
