"""A load client of its own process, so that it does not share the interpreter with what is measured.

Reads {"port", "clients", "requests": [[cookie, body], …]} from the input and writes {"seconds", "latencies",
"statuses"}; one thread, one connection per client, each asking for the next request as soon as the last is answered.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter
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


class Client:
    """One kept connection and the answer it is waiting for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read, self.wanted, self.since, self.status = 0, 0, 0.0, ""

    def send(self, request: bytes) -> None:
        self.read = self.wanted = 0
        self.since = time.perf_counter()
        self.socket.sendall(request)

    def answered(self) -> bool:
        part = self.socket.recv(1 << 17)
        if not part:
            raise ConnectionError("the server hung up")
        if not self.wanted:
            head, _blank, _page = part.partition(b"\r\n\r\n")
            self.status = head[9:12].decode()
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            self.wanted = len(head) + 4 + int(length.partition(b":")[2])
        self.read += len(part)
        return self.read >= self.wanted


def as_sent(port: int, cookie: str, body: str) -> bytes:
    return HEAD.replace("\n", "\r\n").format(port=port, cookie=cookie, body=body, length=len(body)).encode()


def run(port: int, clients: int, requests: list[list[str]]) -> dict[str, Any]:
    ready = [as_sent(port, *request) for request in requests]
    waiting, latencies, statuses = iter(ready), list[float](), Counter[str]()
    selector, busy, start = selectors.DefaultSelector(), 0, time.perf_counter()
    for client in [Client(port) for _ in range(clients)]:
        if request := next(waiting, None):
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.send(request)
            busy += 1
    while busy:
        for key, _mask in selector.select():
            client = key.data
            if client.answered():
                latencies.append(time.perf_counter() - client.since)
                statuses[client.status] += 1
                if request := next(waiting, None):
                    client.send(request)
                else:
                    selector.unregister(client.socket)
                    client.socket.close()
                    busy -= 1
    return {"seconds": time.perf_counter() - start, "latencies": latencies, "statuses": statuses}


if __name__ == "__main__":
    json.dump(run(**json.load(sys.stdin)), sys.stdout)
