"""Records go to PostgreSQL's binary forms and come back; a batch that is cut is no batch."""

import struct

import numpy as np
import pytest

from core.binary import COPY_END, COPY_HEADER, LATEST, LIFE, copy_document, decode
from core.clock import POSTGRES_EPOCH
from core.packed import READING, pack, unpack

NOW = 1_764_000_000_000_000


def test_a_copy_document_has_each_field_with_its_length_in_big_endian():
    records = np.array([(7, NOW, -1)], LIFE)
    document = copy_document(records)
    assert document.startswith(COPY_HEADER)
    assert document.endswith(COPY_END)
    row = document[len(COPY_HEADER) : -len(COPY_END)]
    assert struct.unpack(">hiiiqii", row) == (3, 4, 7, 8, NOW - POSTGRES_EPOCH, 4, -1)


def test_no_records_make_a_document_without_rows():
    assert copy_document(np.zeros(0, LATEST)) == COPY_HEADER + COPY_END


def test_the_byte_order_in_which_records_are_held_does_not_matter():
    big = np.array([(1, 2, NOW, 3.5, NOW - 5, NOW + 5)], LATEST)
    assert copy_document(big.astype(LATEST.newbyteorder("<"))) == copy_document(big)


def test_rows_that_the_database_sends_become_instants_since_1970():
    rows = [struct.pack(">iqi", home, NOW - POSTGRES_EPOCH + home, 9) for home in (1, 2)]
    found = decode(rows, LIFE)
    assert (found["home"].tolist(), found["at"].tolist()) == ([1, 2], [NOW + 1, NOW + 2])
    assert len(decode([], LIFE)) == 0


def test_a_batch_comes_back_as_it_was_and_one_that_is_cut_off_is_refused():
    rows = np.array([(NOW, 1, 2, 4, 0.1), (NOW + 1, 2, 3, 0, float("nan"))], READING)
    assert unpack(pack(rows)).tobytes() == rows.tobytes()
    assert unpack(pack(rows[::2])).tolist() == rows[::2].tolist(), "also of a part of an array"
    with pytest.raises(ValueError, match="size"):
        unpack(pack(rows)[:-1])
