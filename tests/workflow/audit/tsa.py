"""A small honest time-stamp server: openssl's, behind HTTP, with an authority of its own."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
certs = {folder}/middle.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ordering = no
tsa_name = no
ess_cert_id_alg = sha256
"""


@cache
def _stamps_here() -> bool:
    """Whether this machine has an openssl that stamps: some are built without."""
    program = shutil.which("openssl")
    return (
        program is not None and subprocess.run([program, "ts", "-help"], capture_output=True).returncode == 0
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _made(  # type: ignore[no-untyped-def]
    subject: str, key, issuer: str, issuer_key, ends: datetime
) -> x509.CertificateBuilder:
    begins = min(datetime.now(UTC), ends) - timedelta(days=9)
    built = x509.CertificateBuilder(
        _named(issuer), _named(subject), key.public_key(), x509.random_serial_number()
    )
    built = built.not_valid_before(begins).not_valid_after(ends)
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return built.add_extension(signed_by, critical=False)


def _authority(built: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)


@dataclass
class Authority:
    """A root, one between, and a certificate for time stamps under that. expired: the last one's last day is past."""

    folder: Path
    name: str = "示例时间戳服务"
    expired: bool = False
    asked: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not _stamps_here():
            pytest.skip("no openssl with `ts` here, and no server of ours would be a witness")
        self.folder.mkdir()
        root, middle, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        now, day = datetime.now(UTC), timedelta(days=1)
        later = now + 99 * day
        certificates = {
            "ca": (_authority(_made("示例根", root, "示例根", root, later)), root),
            "middle": (_authority(_made("示例中间", middle, "示例根", root, later)), root),
            "signer": (
                _made(
                    self.name, signer, "示例中间", middle, now - day if self.expired else later
                ).add_extension(
                    x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
                ),
                middle,
            ),
        }
        for file, (made, by) in certificates.items():
            pem = made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            (self.folder / f"{file}.pem").write_bytes(pem)
        kept = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "signer.key").write_bytes(signer.private_bytes(*kept))
        (self.folder / "serial").write_text("01")
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))

    def answer(self, request: bytes) -> bytes:
        """What openssl answers to a request."""
        asked = self.folder / "request.tsq"
        asked.write_bytes(request)
        command = [
            "openssl",
            "ts",
            "-reply",
            "-config",
            str(self.folder / "tsa.cnf"),
            "-queryfile",
            str(asked),
        ]
        return subprocess.run(command, capture_output=True, check=True).stdout


@contextmanager
def serving(authority: Authority) -> Iterator[str]:
    """Answer by HTTP; yields the address. What `authority.answer` gives is what goes out."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked.append(request)
            answer = authority.answer(request)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()
