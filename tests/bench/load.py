"""A load client of its own process, so that it does not share the interpreter with what is measured.

Reads {"port", "clients", "requests": [[cookie, body], …]} from the input and writes {"seconds", "latencies", "receipts",
"errors"}; one thread, one connection per client, each asking for the next request as soon as the last is answered.
receipts: what the page of each ballot that was taken shows; errors: how many got another status, none, or no receipt.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# What Chrome sends with a form on a telephone.
HEAD = """POST /ballot/paper/ HTTP/1.1
Host: 127.0.0.1:{port}
Connection: keep-alive
Content-Length: {length}
Cache-Control: max-age=0
sec-ch-ua: "Chromium";v="126", "Google Chrome";v="126", "Not-A.Brand";v="99"
sec-ch-ua-mobile: ?1
sec-ch-ua-platform: "Android"
Origin: http://127.0.0.1:{port}
Upgrade-Insecure-Requests: 1
Content-Type: application/x-www-form-urlencoded
User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-User: ?1
Sec-Fetch-Dest: document
Referer: http://127.0.0.1:{port}/ballot/paper/
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: zh-CN,zh;q=0.9
Cookie: {cookie}

{body}"""


LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
RECEIPT = re.compile(rb"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}")
MOST_BYTES = 1 << 17
NO_ANSWER, NO_RECEIPT = "no answer", "200 without a receipt"


class Client:
    """One kept connection and the answer it is waiting for."""

    def __init__(self, port: int) -> None:
        self.port, self.answer = port, bytearray(MOST_BYTES)
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        self.read = self.wanted = 0
        self.since = time.perf_counter()
        self.socket.sendall(request)

    def answered(self) -> bool:
        """Take what has come; whether that is the whole answer. OSError where the server hung up."""
        taken = self.socket.recv_into(memoryview(self.answer)[self.read :])
        if not taken:
            raise ConnectionResetError
        self.read += taken
        if not self.wanted and (head := self.answer.find(b"\r\n\r\n", 0, self.read)) >= 0:
            length = LENGTH.search(self.answer, 0, head)
            assert length, "an answer that does not say how long it is"
            self.wanted = head + 4 + int(length[1])
        return 0 < self.wanted <= self.read


@dataclass
class Told:
    """What the answers said. place: where the last receipt stood on its page, and the next one will."""

    receipts: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    place: int = 0

    def read(self, answer: bytearray, length: int) -> None:
        if (status := answer[9:12]) != b"200":
            self.errors[status.decode()] += 1
        elif found := RECEIPT.match(answer, self.place) or RECEIPT.search(answer, 0, length):
            self.receipts.append(found[0].decode())
            self.place = found.start()
        else:
            self.errors[NO_RECEIPT] += 1


def as_sent(port: int, cookie: str, body: str) -> bytes:
    return HEAD.replace("\n", "\r\n").format(port=port, cookie=cookie, body=body, length=len(body)).encode()


def run(port: int, clients: int, requests: list[list[str]]) -> dict[str, Any]:
    waiting, latencies, told = iter([as_sent(port, *one) for one in requests]), list[float](), Told()
    selector, busy, start = selectors.DefaultSelector(), 0, time.perf_counter()
    for client in [Client(port) for _ in range(clients)]:
        if request := next(waiting, None):
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.send(request)
            busy += 1
    while busy:
        for key, _mask in selector.select():
            client = key.data
            try:
                if not client.answered():
                    continue
                told.read(client.answer, client.wanted)
            except OSError:
                told.errors[NO_ANSWER] += 1
                selector.unregister(client.socket)
                client.socket.close()
                client.connect()
                selector.register(client.socket, selectors.EVENT_READ, client)
            latencies.append(time.perf_counter() - client.since)
            if request := next(waiting, None):
                client.send(request)
            else:
                selector.unregister(client.socket)
                client.socket.close()
                busy -= 1
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "latencies": latencies, "receipts": told.receipts, "errors": told.errors}


if __name__ == "__main__":
    json.dump(run(**json.load(sys.stdin)), sys.stdout)
