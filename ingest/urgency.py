"""Which messages may be a cry for help that we fail to read. Pure; in doubt the answer is yes.

What can be read is judged by the catalogue (`urgent_from`). This is about the rest: broken payloads, wrong topics,
devices nobody registered.
"""

import re
from collections.abc import Callable, Iterable

from core.catalogue import Metric, metrics
from ingest.formats import Complaint, Decoded, FormatError, Sample

SENT_BY_DEVICES = {
    name: metric for name, metric in metrics().items() if metric.urgent_from and name not in ("canary", "unreadable")
}
# A metric's name as a key of flat JSON or as the end of a SenML name, and the value that follows it, if one does.
NAMED = re.compile(
    rb'"(?:[^"]*[:/])?(' + "|".join(SENT_BY_DEVICES).encode() + rb')"\s*(?:[:,]\s*(?:"vb?"\s*:\s*)?"?([^",}\]\s]*))?'
)
NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?")
QUIET = frozenset({b"", b"nan", b"0", b"false", b"null", b"off", b"no", b"none", b"normal", b"ok"})


def cries(payload: bytes) -> bool:
    """Whether bytes that nobody could parse name an emergency and give it a value that is no all-clear."""
    return any(_loud(SENT_BY_DEVICES[found[1].decode()], found[2]) for found in NAMED.finditer(payload))


def _loud(metric: Metric, word: bytes | None) -> bool:
    if word is None:
        return True  # cut off before its value
    if number := NUMBER.match(word):
        return float(number[0]) >= (metric.urgent_from or 1)
    return word.lower() not in QUIET


def urgent(samples: Iterable[Sample]) -> bool:
    """Whether one of them is an emergency by the catalogue."""
    return any(
        (metric := SENT_BY_DEVICES.get(sample.metric)) is not None and sample.value >= (metric.urgent_from or 1)
        for sample in samples
    )


def unread(complaints: Iterable[Complaint], *, heard: bool, event: bool) -> bool:
    """Whether what was refused of a message may be an emergency.

    A value above the plausible range counts, one below it (a sensor's error code) or an all-clear does not. On the
    event topic anything refused counts, unless a metric that can be an emergency was read beside it (`heard`).
    """
    complaints = list(complaints)
    if any(complaint.metric in SENT_BY_DEVICES and _means_it(complaint) for complaint in complaints):
        return True
    return event and bool(complaints) and not heard


def _means_it(complaint: Complaint) -> bool:
    metric = SENT_BY_DEVICES[complaint.metric]
    if isinstance(complaint.value, bool | int | float):
        return complaint.value >= (metric.urgent_from or 1)
    if isinstance(complaint.value, str):
        return _loud(metric, complaint.value[:100].strip().encode("utf-8", "replace"))
    return complaint.value is not None


def in_letter(payload: bytes, decode: Callable[[bytes], Decoded] | None, *, event: bool) -> bool:
    """Whether a message that was refused whole, by its topic or its device, is or may be an emergency."""
    if decode is None:
        return event or cries(payload)
    try:
        samples, complaints = decode(payload)
    except FormatError:
        return event or cries(payload)
    heard = any(sample.metric in SENT_BY_DEVICES for sample in samples)
    return urgent(samples) or unread(complaints, heard=heard, event=event)
