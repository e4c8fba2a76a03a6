"""Whether a password is too easy to guess, and why, in Chinese and English; never a part of the password itself."""

import re
from collections.abc import Iterable

from zxcvbn_rs_py import zxcvbn

from registry.accounts import Refusal

SHORTEST, LONGEST = 10, 200
ENOUGH = 8.0  # guesses, as a power of ten: zxcvbn's "safely unguessable" (its score 3) begins here
BESIDE_NAMES = 6  # characters that must be left when the names in it are taken out
PRODUCT = ("shouwang", "守望")
ADVICE = "请用几个互不相关的词，或随机的字母和数字 (take some unrelated words, or random letters and digits)"
COMMON = "是常用密码 (a common password)"
REPEATED = "有重复的字或词 (repeats)"
KEYBOARD = "是键盘上相邻的键 (keys side by side)"
NAME = "是人名 (a person's name)"
REASONS = {  # by the name of zxcvbn's warning; its enum can't be a key
    "StraightRowsOfKeysAreEasyToGuess": KEYBOARD,
    "ShortKeyboardPatternsAreEasyToGuess": KEYBOARD,
    "RepeatsLikeAaaAreEasyToGuess": REPEATED,
    "RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess": REPEATED,
    "ThisIsATop10Password": COMMON,
    "ThisIsATop100Password": COMMON,
    "ThisIsACommonPassword": COMMON,
    "ThisIsSimilarToACommonlyUsedPassword": "像常用密码 (like a common password)",
    "SequencesLikeAbcAreEasyToGuess": "有连续的字母或数字 (a sequence of letters or digits)",
    "RecentYearsAreEasyToGuess": "有年份 (a year)",
    "DatesAreOftenEasyToGuess": "有日期 (a date)",
    "AWordByItselfIsEasyToGuess": "只是一个词 (a single word)",
    "NamesAndSurnamesByThemselvesAreEasyToGuess": NAME,
    "CommonNamesAndSurnamesAreEasyToGuess": NAME,
}


def check(password: str, names: Iterable[str]) -> None:
    """Refuse a password that is easy to guess; `names` are the account's, which an attacker tries first."""
    if reason := weakness(password, [*names, *PRODUCT]):
        raise Refusal(f"密码太弱：{reason}。{ADVICE}")


def weakness(password: str, names: Iterable[str]) -> str | None:
    """Why the password is too easy; None when it is not."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"须 {SHORTEST} 至 {LONGEST} 个字符 ({SHORTEST} to {LONGEST} characters)"
    if re.search("[\ud800-\udfff]", password):  # bytes of another encoding, as the terminal gave them
        return "不是 UTF-8 (not UTF-8)"
    names = [_plain(name) for name in names]
    rest = _plain(password)
    for name in filter(lambda name: len(name) > 1, names):
        rest = rest.replace(name, "")
    if len(rest) < BESIDE_NAMES and rest != _plain(password):
        return "差不多就是用户名、姓名或产品名 (little more than the user's or the product's name)"
    found = zxcvbn(password, names)
    if found.guesses_log10 >= ENOUGH:
        return None
    warning = repr(found.feedback.warning) if found.feedback else ""
    return REASONS.get(warning.removeprefix("Warning."), "太容易猜到 (too easy to guess)")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()
