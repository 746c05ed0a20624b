"""A TCP proxy that stands before a server and misbehaves as told: cuts streams in the middle, keeps silent, is gone."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class FaultyProxy:
    """Passes connections on to a port of this machine. Use as a context manager; `url` is where it listens."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._cuts, self._after, self._upwards = 0, 0, True
        self.cuts_made = 0
        self.silences = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, times: int, after_bytes: int, upwards: bool) -> None:
        """Cut the next `times` connections that carry more than so many bytes, up to the server or down from it."""
        with self._lock:
            self._cuts, self._after, self._upwards = times, after_bytes, upwards
            self.cuts_made = 0

    def keep_silent(self, connections: int) -> None:
        """Take this many next connections and never answer."""
        with self._lock:
            self.silences = connections

    def leave(self) -> None:
        """Be gone: nothing listens any more, and every connection breaks."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                _break(each)

    def come_back(self) -> None:
        """Listen again where it listened before."""
        self._listener = socket.create_server(("127.0.0.1", int(self.url.rpartition(":")[2])))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(client)
                silent = self.silences > 0
                self.silences -= silent
            if silent:
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._open.append(server)
            for source, sink, upwards in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, upwards), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, upwards: bool) -> None:
        passed = 0
        with suppress(OSError):
            while block := source.recv(1 << 16):
                passed += len(block)
                with self._lock:
                    cut = self._cuts > 0 and upwards == self._upwards and passed > self._after
                    self._cuts -= cut
                    self.cuts_made += cut
                if cut:
                    break
                sink.sendall(block)
        _break(source)
        _break(sink)


def _break(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
