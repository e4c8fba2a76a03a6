"""Signing requests come from outside: any bytes get a certificate for the account that was named, or a refusal."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from deploy.certificates import Authority, CertificateError

NOW = datetime.now(UTC)
BUILDER = x509.CertificateSigningRequestBuilder(x509.Name([]))
REQUEST = BUILDER.sign(ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("secrets") / "authority").ensure(NOW)


def turned(place, bit):
    """The request with one bit of it turned."""
    changed = bytearray(REQUEST)
    changed[place] ^= 1 << bit
    return bytes(changed)


@given(
    st.one_of(
        st.binary(),
        st.integers(0, len(REQUEST)).map(lambda end: REQUEST[:end]),
        st.builds(turned, st.integers(0, len(REQUEST) - 1), st.integers(0, 7)),
    )
)
def test_any_bytes_get_the_accounts_certificate_or_an_honest_refusal(authority, request_bytes):
    try:
        made = authority.client(request_bytes, "acme", NOW)
    except CertificateError:
        return
    assert x509.load_pem_x509_certificate(made.encode()).subject.rfc4514_string() == "CN=acme"


def test_a_kind_of_key_that_brokers_do_not_take_is_refused(authority):
    request = BUILDER.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM)
    with pytest.raises(CertificateError, match="neither"):
        authority.client(request, "acme", NOW)
