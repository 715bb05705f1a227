"""Sockets to listen at, and the certificates of those that speak TLS."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from workers.site_values import address_of


class ListenError(OSError):
    """A listener can't start; the text says where and why."""


def listen_at(listen: str) -> socket.socket:
    """Return a TCP socket that listens. Raises `ListenError`."""
    host, port = address_of(listen)
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        server.bind((host, port))
        server.listen(512)
    except OSError as error:
        server.close()
        raise ListenError(f"can't listen at {listen}: {error.strerror or error}") from error
    server.setblocking(False)
    return server


def shown(server: socket.socket) -> str:
    """Return a socket's own address as ``HOST:PORT``."""
    host, port = server.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plain_address(address: str) -> str:
    """Return an address as people write it: IPv4 also where it came through an IPv6 socket."""
    return address.removeprefix("::ffff:").partition("%")[0]


def load_certificates(
    context: ssl.SSLContext, root: Path, certificate: Path, key: Path, client_ca: Path | None = None
) -> ssl.SSLContext:
    """Give a context its certificate. Raises `ListenError`."""
    try:
        context.load_cert_chain(root / certificate, root / key)
    except (OSError, ssl.SSLError) as error:
        raise ListenError(
            f"the certificate {certificate} with the key {key} can't be used: {error}"
        ) from error
    if client_ca is not None:
        try:
            context.load_verify_locations(root / client_ca)
        except (OSError, ssl.SSLError) as error:
            raise ListenError(f"the authority {client_ca} can't be used: {error}") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context
