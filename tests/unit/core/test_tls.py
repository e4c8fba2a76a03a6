"""Whatever stands in a database URL: it is refused in fixed words, or comes out as the same URL that libpq can read."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from core import tls

PIECES = st.sampled_from(
    ["postgresql://", "host=", "user=", " ", "u", ":", "p", "@", "db", "127.0.0.1", "[::1]", ",", "/", "?", "&", "=",
     "%", "%2F", "#", "'", "\\", "sslmode=disable", "port=", "5432", "dbname=", "\x00", "守"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)))
@example("postgresql://u:p@db/d?sslmode=require#x")
@example("postgresql://0?")
@example("postgresql://&")
@example("postgresql://%80")
@example("postgresql://db/d?port=5432&")
@example("host=db dbname='a b'")
@example("host=db \\")
@example("postgresql://u:p@db/d")
def test_any_text_is_refused_in_fixed_words_or_still_leads_where_it_led(text):
    made, said = None, None
    try:
        made = tls.database_url(text, Path("/etc/ca with space.pem"))
    except ValueError as error:
        said = str(error)
    assert said == (None if made else tls.FORM)
    if not made:
        return
    before, after = conninfo_to_dict(text), conninfo_to_dict(made)
    added = {name: value for name, value in after.items() if before.get(name) != value}
    assert after.keys() >= before.keys()
    assert added.keys() <= {"sslmode", "sslrootcert"}
    assert added.get("sslrootcert", "/etc/ca with space.pem") == "/etc/ca with space.pem"


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "127.9.9.9", "::1", "/run/postgresql", "@abstract"])
def test_this_machine_is_known_by_every_name_that_cannot_lead_elsewhere(host):
    assert tls.is_local(host)


@pytest.mark.parametrize("host", ["localhost.example.org", "127.0.0.1.example.org", "0.0.0.0", "10.0.0.1", "db", "::"])
def test_everything_else_is_elsewhere(host):
    assert not tls.is_local(host)
