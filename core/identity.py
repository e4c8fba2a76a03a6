"""Client ids at the broker: a readable name, and a part that nobody can guess. Pure, but for the random ones.

Whoever logs in at Mosquitto with a client id is given that id's session, with all that waits in it: an id is as good as
a password. Those of our programs are therefore made from their password, and told to nobody.
"""

import base64
import hashlib
import hmac
import secrets

SECRET_BYTES = 16
SECRET_LENGTH = 22  # of so many bytes in URL-safe base64
LONGEST = 64  # of a program's id


def client_id(name: str, user: str, password: str) -> str:
    """The id of a program's session: the same as long as its credentials are, so that it finds its session again."""
    digest = hmac.digest(password.encode(), f"{user}\0{name}".encode(), hashlib.sha256)
    return _joined(name[: LONGEST - SECRET_LENGTH - 1], digest[:SECRET_BYTES])


def random_id(name: str) -> str:
    """An id that nobody has had: for a session that ends with its connection, or to be issued with credentials."""
    return _joined(name, secrets.token_bytes(SECRET_BYTES))


def readable(client_id: str) -> str:
    """An id without its secret part; one that has none stays as it is."""
    return client_id[: -SECRET_LENGTH - 1] if has_secret(client_id) else client_id


def has_secret(client_id: str) -> bool:
    """Whether an id has the form of those that have a secret part."""
    name, dot, secret = client_id.rpartition(".")
    return bool(name and dot) and len(secret) == SECRET_LENGTH


def fingerprint(client_id: str) -> str:
    """Tells that two ids are the same without saying what they are."""
    return hashlib.sha256(client_id.encode()).hexdigest()[:32]


def _joined(name: str, secret: bytes) -> str:
    return f"{name}.{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"
