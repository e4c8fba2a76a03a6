"""Which form of an answer a client takes, whatever it says of that."""

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from api.encodings import chosen

OFFERED = ["br", "gzip"]


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=3))
def test_no_header_breaks_the_choice(lines):
    headers = Headers(raw=[(b"accept-encoding", line.encode("latin-1")) for line in lines])
    assert chosen(headers, OFFERED) in (None, *OFFERED)


def test_a_header_in_several_lines_is_one_list():
    assert chosen(Headers(raw=[(b"accept-encoding", b"br;q=0"), (b"accept-encoding", b"gzip")]), OFFERED) == "gzip"
