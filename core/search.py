"""What a home is found by: texts that people write differently are made alike, and names are spelt in pinyin.

The database keeps `home_search` by triggers (migration 0013). This module brings it the pinyin of the characters,
fills it for homes that were there before, and makes a question alike in the same way.
"""

import re
import unicodedata
from importlib.metadata import version

from psycopg import Connection, sql

# As the database's search_form() has it; a test holds the two together.
SEPARATORS = re.compile(r"[-\s_.,:;/|()<>\"'#+·•‧・—–―‐‑‒−、。〈〉《》「」【】~]")
FILLED_AT_ONCE = 1000
MARKS = ("\u0300", "\u0301", "\u0304", "\u030c")  # the four tones


def form(text: str) -> str:
    """The text without what people write differently: width, case, blanks, dashes and other separators."""
    return SEPARATORS.sub("", unicodedata.normalize("NFKC", text).lower())


def prepare(conn: Connection) -> None:
    """Bring the pinyin table up to the library's and write what homes of before are found by; as the schema's owner."""
    library = f"pypinyin {version('pypinyin')}"
    row = conn.execute("SELECT obj_description('pinyin'::regclass)").fetchone()
    if row is None or row[0] != library:
        _write_pinyin(conn)
        conn.execute(sql.SQL("COMMENT ON TABLE pinyin IS {}").format(library))
        conn.execute("DELETE FROM home_search")
    query = "SELECT id FROM home WHERE NOT EXISTS (SELECT FROM home_search s WHERE s.home_id = home.id)"
    missing = [number for (number,) in conn.execute(query)]
    for start in range(0, len(missing), FILLED_AT_ONCE):
        conn.execute("SELECT home_search_write(%s, true)", (missing[start : start + FILLED_AT_ONCE],))


def _write_pinyin(conn: Connection) -> None:
    from pypinyin.constants import PINYIN_DICT  # here: large, and programs that only ask do without

    conn.execute("DELETE FROM pinyin")
    with conn.cursor() as cursor, cursor.copy("COPY pinyin (hanzi, readings) FROM STDIN") as copy:
        for point, toned in PINYIN_DICT.items():
            copy.write_row((chr(point), readings(toned)))


def readings(toned: str) -> list[str]:
    """zhòng,chóng → zhong, chong. For ü both v and u: people type either."""
    found: dict[str, None] = {}
    for one in toned.split(","):
        letters = unicodedata.normalize("NFD", one)
        bare = "".join(letter for letter in letters if letter not in MARKS)
        for spelt in (bare.replace("u\u0308", "v"), bare.replace("u\u0308", "u")):
            found.setdefault("".join(letter for letter in spelt if not unicodedata.combining(letter)))
    return list(found)
