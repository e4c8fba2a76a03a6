"""The simulated fleet: fictional homes, people and terminals. The same seed gives the same fleet, byte for byte."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from registry.register import COLUMNS

ALWAYS = ("gateway", "sos_button", "smoke_detector", "motion_sensor", "door_contact")
SOMETIMES = {  # share of homes that have one
    "fall_radar": 0.25, "gas_detector": 0.3, "co_detector": 0.15, "water_leak_sensor": 0.2, "presence_sensor": 0.1,
    "bed_sensor": 0.25, "wristband": 0.15, "blood_pressure_monitor": 0.1, "climate_sensor": 0.3, "water_meter": 0.15,
    "electricity_meter": 0.15,
}  # fmt: skip
VENDOR_OF = dict.fromkeys(
    ("bed_sensor", "climate_sensor", "water_meter", "electricity_meter"), "yunhe"
) | dict.fromkeys(("wristband", "blood_pressure_monitor", "sos_button", "fall_radar"), "kangan")
ROOMS = {
    "gateway": "客厅", "sos_button": "卧室", "smoke_detector": "厨房", "motion_sensor": "客厅", "door_contact": "门厅",
    "fall_radar": "卫生间", "gas_detector": "厨房", "co_detector": "厨房", "water_leak_sensor": "卫生间",
    "presence_sensor": "客厅", "bed_sensor": "卧室", "climate_sensor": "卧室", "water_meter": "厨房",
    "electricity_meter": "门厅",
}  # fmt: skip
TOWNS = ("示例一镇", "示例二镇", "示例三街道")
SURNAMES, GIVEN = (
    "赵钱孙李周吴郑王冯陈",
    ("秀英", "桂兰", "玉珍", "淑华", "德福", "建国", "长根", "金水", "凤仙", "阿四"),
)


class Vendor(NamedTuple):
    """A fictional vendor."""

    code: str
    name: str
    format: str


VENDORS = (
    Vendor("anju", "示例安居科技", "flat"),
    Vendor("kangan", "示例康安医疗", "flat"),
    Vendor("yunhe", "示例云禾物联", "senml"),
)


class Device(NamedTuple):
    """One simulated terminal."""

    serial: str
    type: str
    vendor: str
    room: str


@dataclass(frozen=True, slots=True)
class Home:
    """One simulated home; `number` counts from 0 and seeds its life."""

    number: int
    code: str
    area_path: str
    area_names: str
    address: str
    person: str
    born: str
    sex: str
    contacts: str
    devices: tuple[Device, ...]

    def device(self, type_code: str) -> Device | None:
        """The home's device of a type, if it has one."""
        return next((device for device in self.devices if device.type == type_code), None)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All homes of a seed."""

    seed: int
    homes: tuple[Home, ...]
    vendors: tuple[Vendor, ...] = VENDORS

    @classmethod
    def make(cls, homes: int = 114, seed: int = 1) -> Self:
        """A fleet of `homes` homes."""
        return cls(seed, tuple(_home(seed, number) for number in range(homes)))

    def home(self, code: str) -> Home:
        """The home with that code; raises KeyError."""
        for home in self.homes:
            if home.code == code:
                return home
        raise KeyError(f"no home {code}; they are {self.homes[0].code} to {self.homes[-1].code}")


def _home(seed: int, number: int) -> Home:
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - a simulation, not a secret
    town, village, grid = number % 3, number // 3 % 4, number // 12 % 2
    types = [*ALWAYS, *(kind for kind, share in SOMETIMES.items() if chance.random() < share)]
    devices = tuple(
        Device(f"{kind}-{number:04}", kind, VENDOR_OF.get(kind, "anju"), ROOMS.get(kind, "")) for kind in types
    )
    phone = f"000-{number:04}"
    return Home(
        number=number,
        code=f"S{number:04}",
        area_path=f"shouwang.t{town}.v{village}.g{grid}",
        area_names=f"示例区/{TOWNS[town]}/示例{'甲乙丙丁'[village]}村/第{grid + 1}网格",
        address=f"示例{'甲乙丙丁'[village]}村 {number + 1} 号",
        person=f"示例·{chance.choice(SURNAMES)}{chance.choice(GIVEN)}",
        born=f"{chance.randint(1935, 1955)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        sex=chance.choice(("女", "男")),
        contacts=f"委托照料人:示例·照料{number}:{phone}1;网格员:示例·网格{grid}:{phone}2;村医:示例·村医{village}:{phone}3",
        devices=devices,
    )


def write_csv(fleet: Fleet, path: Path) -> None:
    """The register file that `shouwang register` imports."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for home in fleet.homes:
            for device in home.devices:
                rows.writerow(
                    [home.code, home.area_path, home.area_names, home.address, home.person, home.born, home.sex, "1",
                     home.contacts, device.vendor, device.serial, device.type, device.room]
                )  # fmt: skip
