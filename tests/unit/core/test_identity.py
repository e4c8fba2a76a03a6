"""Client ids: the same while the credentials are, none can be guessed, none is told."""

from hypothesis import given
from hypothesis import strategies as st

from core import identity

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1)


def test_an_id_is_the_same_as_long_as_its_credentials_are():
    made = identity.client_id("shouwang-ingest-1-urgent-acme", "ingest", "secret")
    assert made == identity.client_id("shouwang-ingest-1-urgent-acme", "ingest", "secret")
    others = [("shouwang-ingest-1-urgent-beta", "ingest", "secret"), ("shouwang-ingest-1-urgent-acme", "x", "secret")]
    others.append(("shouwang-ingest-1-urgent-acme", "ingest", "other"))
    assert made not in [identity.client_id(*other) for other in others]


@given(WORDS, WORDS, WORDS)
def test_an_id_is_short_readable_and_carries_128_bits_without_the_password(name, user, password):
    made = identity.client_id(name, user, password)
    assert len(made) <= identity.LONGEST
    assert identity.has_secret(made)
    assert name.startswith(identity.readable(made))
    assert len(made) - len(identity.readable(made)) == 1 + 22  # 22 signs of base64 hold 128 bits


@given(WORDS, WORDS)
def test_long_names_that_begin_alike_have_different_ids(one, other):
    same = "x" * 60
    made = {identity.client_id(same + name, "u", "p") for name in (one, other)}
    assert len(made) == len({one, other})


def test_a_random_id_is_new_each_time():
    assert len({identity.random_id("acme/btn-17") for _ in range(100)}) == 100
    assert identity.readable(identity.random_id("acme/btn-17")) == "acme/btn-17"


def test_an_id_without_a_secret_part_is_readable_as_it_is():
    for plain in ("btn-17", "", "a.b", "shouwang-ingest-1-urgent-acme", "." + "x" * 22):
        assert (identity.readable(plain), identity.has_secret(plain)) == (plain, False)


def test_a_fingerprint_tells_nothing_but_sameness():
    made = identity.random_id("x")
    assert identity.fingerprint(made) == identity.fingerprint(made) != identity.fingerprint(made + "y")
    assert made[-22:] not in identity.fingerprint(made)
