"""Which connections are encrypted: all that leave this machine, and the other side must show a certificate."""

import os
import ssl
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

FORM = "is not of the form postgresql://user:password@host:port/database; in a password write / as %2F, @ as %40"
# The psycopg wheel brings an OpenSSL of its own, which does not know where this system keeps its authorities.
SYSTEM_CA = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
UNREADABLE = (psycopg.ProgrammingError, UnicodeError)  # what libpq can't parse, or not as text


def is_local(host: str) -> bool:
    """Whether the host is this machine: a loopback address, or a socket in the file system."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def context(ca: Path | None) -> ssl.SSLContext:
    """For a client that believes this authority, or the system's: name and chain are checked, TLS 1.2 at the least."""
    made = ssl.create_default_context(cafile=str(ca) if ca else None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def database_url(url: str, ca: Path | None) -> str:
    """The URL, checking the server's certificate unless the server is this machine or the URL says itself what to do.

    Raises ValueError, which tells nothing of what stands in the URL, when it can't be read.
    """
    try:
        parts = conninfo_to_dict(url)
    except UNREADABLE:
        raise ValueError(FORM) from None
    host, port, database = (str(parts.get(name) or "") for name in ("host", "port", "dbname"))
    if not url.strip() or "@" in host.lstrip("@") + database or not f"0{port}".replace(",", "").isdecimal():
        raise ValueError(FORM)  # what libpq would quote when it can't connect is a part of the password
    hosts = str(parts.get("hostaddr") or host or os.environ.get("PGHOST", "")).split(",")
    wanted = {}
    if "sslmode" not in parts and not all(map(is_local, hosts)):
        wanted["sslmode"] = "verify-full"
    if "sslrootcert" not in parts and (wanted or parts.get("sslmode") in ("verify-ca", "verify-full")):
        wanted["sslrootcert"] = str(ca or SYSTEM_CA)
    if not wanted:
        return url
    made = _with(url, wanted)
    try:
        same = conninfo_to_dict(made) == parts | wanted
    except UNREADABLE:
        same = False
    if not same:  # an odd text, which would lead elsewhere with more behind it
        raise ValueError(FORM)
    return made


def _with(url: str, wanted: dict[str, str]) -> str:
    if "://" in url:
        between = "?" if "?" not in url else "" if url.endswith(("?", "&")) else "&"
        return f"{url}{between}{urlencode(wanted, quote_via=quote)}"  # libpq takes + for itself
    return " ".join([url, *(f"{name}='{value}'" for name, value in wanted.items())])
