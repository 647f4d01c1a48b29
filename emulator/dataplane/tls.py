"""TLS in front of PostgreSQL: the server that we can install has none, and RDS takes no connection without."""

import contextlib
import functools
import select
import socket
import ssl
import struct
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from emulator.evidence import documented, does

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
REFUSAL = b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for this connection, no encryption\0\0"


@functools.cache
def context() -> ssl.SSLContext:
    """Return a context with a certificate that nobody vouches for: sslmode=require asks for no more."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rds.amazonaws.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365)).sign(key, hashes.SHA256())
    )  # fmt: skip
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pem")
        file.touch(0o600)
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        made.load_cert_chain(file)
    return made


@does(
    "From PostgreSQL 15 on RDS takes no connection without TLS, by rds.force_ssl.",
    documented(
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html",
        "Requiring an SSL connection",
    ),
)
class Front:
    """Takes connections at an address, ends their TLS and hands them on to a Unix socket."""

    def __init__(self, address: str, port: int, behind: Path):
        self.behind = behind
        self.socket = socket.create_server((address, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        """Take no more."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, struct.error), client:
            if not self._wants_tls(client):
                client.sendall(b"E" + struct.pack("!i", len(REFUSAL) + 4) + REFUSAL)
                return
            with context().wrap_socket(client, server_side=True) as inner, socket.socket(socket.AF_UNIX) as server:
                server.connect(str(self.behind))
                _relay(inner, server)

    @staticmethod
    def _wants_tls(client) -> bool:
        while True:
            _length, code = struct.unpack("!ii", client.recv(8, socket.MSG_WAITALL))
            client.sendall({SSL_REQUEST: b"S", GSS_REQUEST: b"N"}.get(code, b""))
            if code != GSS_REQUEST:
                return code == SSL_REQUEST


def _relay(inner: ssl.SSLSocket, server: socket.socket) -> None:
    """Hand on what comes from either side, in one thread: two can't use one side's TLS at a time."""
    while True:
        for source in [inner] if inner.pending() else select.select([inner, server], [], [])[0]:
            inner.settimeout(0)
            try:
                data = source.recv(65536)
            except ssl.SSLWantReadError:  # TLS's own business
                continue
            finally:
                inner.settimeout(None)
            if not data:
                return
            (server if source is inner else inner).sendall(data)
