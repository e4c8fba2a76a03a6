"""`shouwang certificate` reads a signing request that comes by a pipe."""

import subprocess
import sys
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.certificates import Authority


def test_a_request_may_come_by_a_pipe_as_into_a_container(tmp_path):
    authority = Authority(tmp_path / "secrets" / "authority").ensure(datetime.now(UTC))
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), SHA256()
    )
    command = [sys.executable, "-m", "shouwang", "certificate", "acme", "/dev/stdin"]
    folder = ["--dir", str(authority.folder.parent)]
    done = subprocess.run(
        [*command, *folder], input=request.public_bytes(Encoding.PEM), capture_output=True, check=True, timeout=60
    )
    assert x509.load_pem_x509_certificate(done.stdout).subject.rfc4514_string() == "CN=acme"
