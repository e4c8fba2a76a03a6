"""Certificates of a site: of its own authority, made at the first start, or somebody else's, checked and taken over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from deploy.files import write_private

AUTHORITY = timedelta(days=20 * 365)  # terminals in homes have it built in
# Nobody may come by for years, and a certificate that has run out cuts off every terminal: a short life protects
# nothing here, for whoever took the server's key took it from the authority's own machine.
SERVER = timedelta(days=5 * 365)
RENEW = timedelta(days=365)  # with less left it is made anew whenever this runs
CLIENT = timedelta(days=5 * 365)
SKEW = timedelta(days=1)  # terminals' clocks lie


class CertificateError(ValueError):
    """A certificate that was given can't be used; the message says why."""


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the site's own; its key signs and never leaves the secrets' folder."""

    folder: Path

    @property
    def file(self) -> Path:
        """The certificate that clients believe."""
        return self.folder / "ca.pem"

    def ensure(self, now: datetime) -> "Authority":
        """Make it if it is not there."""
        if not self.file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name(f"Shouwang {now:%Y-%m-%d}")
            builder = _builder(name, name, key.public_key(), now, AUTHORITY)
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            signing = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(signing, critical=True)
            write_private(self.folder / "ca.key", _pem(key))
            write_private(self.file, builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode())
        return self

    def server(self, folder: Path, names: Sequence[str], now: datetime) -> bool:
        """Write `server.pem` and `server.key` for these names, unless there are such with a year left; True if so."""
        if _serves(folder, names, self._certificate(), now):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        certificate = self._issue(names[0], key.public_key(), Usage.SERVER_AUTH, now, SERVER, alternatives)
        _write(folder, certificate, _pem(key))
        return True

    def client(self, request: bytes, account: str, now: datetime) -> str:
        """A certificate with which the request's key logs in as that account; raises CertificateError."""
        try:
            asked = x509.load_pem_x509_csr(request)
            key, signed = asked.public_key(), asked.is_signature_valid
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise CertificateError("this is no certificate signing request in PEM, or of an unknown kind") from error
        if not signed:
            raise CertificateError("the request is not signed by its own key")
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) or key.key_size < 256:
            raise CertificateError("the key is neither elliptic curve nor RSA")
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
            raise CertificateError("an RSA key needs 2048 bits or more")
        return self._issue(account, key, Usage.CLIENT_AUTH, now, CLIENT)

    def _issue(
        self, subject: str, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, usage: x509.ObjectIdentifier,
        now: datetime, life: timedelta, alternatives: x509.SubjectAlternativeName | None = None,
    ) -> str:  # fmt: skip
        own = load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        builder = _builder(_name(subject), self._certificate().subject, key, now, life)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(own.public_key())
        builder = builder.add_extension(issuer, critical=False)
        if alternatives:
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(own, SHA256()).public_bytes(Encoding.PEM).decode()

    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.file.read_bytes())


def names_of(folder: Path) -> list[str]:
    """The names that the certificate there is for; none where there is no certificate."""
    if not (folder / "server.pem").exists():
        return []
    found = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    return [str(one.value) for one in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]


def is_anothers(folder: Path, authority: Authority) -> bool:
    """Whether the certificate there was issued by somebody else."""
    if not (folder / "server.pem").exists():
        return False
    own = x509.load_pem_x509_certificate(authority.file.read_bytes())
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes()).issuer != own.subject


def take_over(chain: Path, key: Path, folder: Path, now: datetime) -> bool:
    """Copy a certificate that somebody else issued; True if it is new. Raises CertificateError, and keeps the old."""
    try:
        certificate = x509.load_pem_x509_certificates(chain.read_bytes())[0]
        private = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise CertificateError(f"{chain} and {key} are no certificate and key in PEM without a password") from error
    if _public(certificate.public_key()) != _public(private.public_key()):
        raise CertificateError(f"{key} is not the key of {chain}")
    if certificate.not_valid_after_utc <= now:
        raise CertificateError(f"{chain} ran out on {certificate.not_valid_after_utc:%Y-%m-%d}")
    text = chain.read_text(encoding="utf-8")
    if (folder / "server.pem").exists() and (folder / "server.pem").read_text(encoding="utf-8") == text:
        return False
    _write(folder, text, key.read_text(encoding="utf-8"))
    return True


def _serves(folder: Path, names: Sequence[str], authority: x509.Certificate, now: datetime) -> bool:
    """Whether a certificate of that authority stands there, for just these names and for a year at least."""
    if not (folder / "server.pem").exists() or not (folder / "server.key").exists():
        return False
    found = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    if found.issuer != authority.subject or found.not_valid_after_utc - now < RENEW:
        return False
    has = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(has) == [_alternative(name) for name in names]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:  # fmt: skip
    builder = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - SKEW).not_valid_after(now + life)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]  # any kind has it


def _write(folder: Path, certificate: str, key: str) -> None:
    write_private(folder / "server.key", key)
    write_private(folder / "server.pem", certificate)
