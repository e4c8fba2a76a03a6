"""A register file as a bureau hands it in: one home, one person, one device."""

import csv
import io

from registry import register
from registry.register import COLUMNS

HOME = "H1,qu.zhen.cun.g1,示例区/示例镇/示例村/一格,一号,示例·甲,1940-01-02,女,1,网格员:示例·乙:000-1"
MORE = {
    "key_place": "花盆下", "dog": "有，拴着", "latitude": "31.2304", "longitude": "121.4737", "note": "听力差",
    "phones": "138 0013 8000|010-6555 0199", "illnesses": "高血压、冠心病", "medication": "阿司匹林 每日一次",
    "language": "吴语", "categories": "分散供养特困|alone", "ability": "中度失能", "ability_on": "2026/5/1",
    "self_care": "是是否是是否", "self_care_on": "2026-05-02", "carer": "示例·丙", "carer_since": "2026-01-01",
    "carer_until": "2026-12-31",
}  # fmt: skip
DEVICE = "acme,s1,sos_button,卧室"


def wide(*changes, of=HOME, device=DEVICE):
    """A file with the optional columns too; each of `changes` is one row's difference."""
    file = io.StringIO()
    writer = csv.DictWriter(file, (*COLUMNS, *MORE))
    writer.writeheader()
    for change in changes or ({},):
        row = dict(zip(COLUMNS, f"{of},{device}".split(","), strict=True)) | MORE | change
        writer.writerow(row)
    return file.getvalue()


def read(*rows, vendors=("acme",)):
    """The register that a file of these rows holds, or what is wrong with it."""
    return register.read(io.StringIO("\n".join([",".join(COLUMNS), *rows]) + "\n"), vendors)
