"""The simulated fleet: fictional homes, people and terminals. The same seed gives the same fleet, byte for byte."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from core.catalogue import DeviceType, device_types
from core.rooms import NAMES, Room
from registry.register import COLUMNS

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
class SimulatedFleet:
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
    devices = tuple(device for kind in device_types().values() if (device := _device(seed, number, kind)))
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


def _device(seed: int, number: int, kind: DeviceType) -> Device | None:
    """The home's terminal of a kind, if it has one; by a chance of its own, so that a new kind moves no other."""
    simulated = kind.simulated
    if simulated is None or random.Random(f"{seed}/{number}/{kind.code}").random() >= simulated.share:  # noqa: S311
        return None
    room = "" if simulated.room is Room.UNKNOWN else NAMES[simulated.room][0]
    return Device(f"{kind.code}-{number:04}", kind.code, simulated.vendor, room)


def write_csv(fleet: SimulatedFleet, path: Path) -> None:
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
