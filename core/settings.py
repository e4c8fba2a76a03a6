"""Every setting in one frozen object, read once from `SHOUWANG_*` and checked before anything connects."""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pydantic_settings
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core import tls

PREFIX = "SHOUWANG_"


class SettingsError(ValueError):
    """Settings are missing or wrong: a line for each, which names it and quotes no value, for that may be a secret."""


def _seconds(value: object) -> object:
    """`90` or `0.2` as seconds; anything else is left to pydantic, which reads ISO 8601 and HH:MM:SS."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Span = Annotated[timedelta, BeforeValidator(_seconds)]


class SecretFiles(PydanticBaseSettingsSource):
    """Reads a setting from the file that `SHOUWANG_<NAME>_FILE` names, so that no secret stands in an environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text without the line end, or None where no file is named."""
        name = f"{PREFIX}{field_name.upper()}_FILE"
        path = os.environ.get(name)
        try:
            return (Path(path).read_text(encoding="utf-8").rstrip("\r\n") if path else None), field_name, False
        except OSError as error:
            raise SettingsError(f"{name}: the file can't be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SettingsError(f"{name}: the file is not UTF-8 text") from None

    def __call__(self) -> dict[str, Any]:
        """Every setting that a file gives."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


class Settings(BaseSettings):
    """What a deployment may choose. Times are timedeltas; in the environment they are seconds or ISO 8601."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_ca: Path | None = Field(
        default=None, description="CA certificate file that the database's certificate is checked by; else the system's"
    )
    database_url: SecretStr = Field(description="postgresql://user:password@host:port/database; one login per program")
    mqtt_host: str = "127.0.0.1"
    mqtt_ca: Path | None = Field(
        default=None, description="CA certificate file that the broker's certificate is checked by; else the system's"
    )
    mqtt_tls: bool = Field(
        default_factory=lambda data: bool(data.get("mqtt_ca")) or not tls.is_local(data.get("mqtt_host", "")),
        description="speak TLS to the broker; by default to all but a loopback address without a CA given",
    )
    mqtt_port: int = Field(default_factory=lambda data: 8883 if data.get("mqtt_tls") else 1883, ge=1, le=65535)
    mqtt_username: str = "ingest"
    mqtt_password: SecretStr = SecretStr("")
    mqtt_password_before: SecretStr = Field(
        default=SecretStr(""),
        description="ingest's password before it was changed: what waits in the sessions made under it is taken over",
    )
    mqtt_group: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]*$",
        description="share the topics among all workers of this group ($share); empty: workers deal the vendors."
        " Mosquitto forgets shared subscriptions when it restarts: see docs/decisions/0006",
    )
    cell: str = Field(
        default="main", pattern=r"^[a-z0-9-]{1,32}$",
        description="names this installation among others: (cell, id) tells apart what several send to one place."
        " Never change it once a system outside knows it",
    )  # fmt: skip
    timezone: str = Field(
        default="Asia/Shanghai", description="the homes' local time: days and hours are counted in it"
    )

    worker: str = Field(
        default="1", pattern=r"^[A-Za-z0-9_-]{1,32}$", description="names this ingest worker among others"
    )
    broker_queue_bytes: int = Field(
        default=4_294_967_296, ge=1,
        description="what the broker keeps for one absent session (Mosquitto: max_queued_bytes); at half of it the"
        " self-check alarms",
    )  # fmt: skip
    waiting_maximum: int = Field(
        default=20_000,
        ge=1,
        description="with so many messages of one connection not stored yet, it reads no further;"
        " keep the broker's own limit (Mosquitto: max_inflight_messages) below it",
    )
    batch_readings: int = Field(default=5000, ge=1, description="a batch is written when it has this many readings …")
    batch_age: Span = Field(default=timedelta(milliseconds=200), description="… or is this old")
    clock_ahead: Span = Field(default=timedelta(minutes=5), description="device time further ahead is not believed")
    clock_behind: Span = Field(default=timedelta(days=7), description="device time further behind is not believed")
    late_after: Span = Field(default=timedelta(minutes=10), description="older on arrival: stored, flagged late")
    message_bytes: int = Field(
        default=65_536, ge=1024, description="a larger message is refused; keep the broker's own limit above it"
    )
    vendor_rate: float = Field(
        default=1.0, gt=0, description="messages a second of a vendor for each of its devices, on average; 500 at least"
    )
    vendor_burst: Span = Field(
        default=timedelta(minutes=10),
        description="so long a vendor may send at its full rate at once: what it kept through an outage",
    )
    vendor_letters: int = Field(
        default=10_000,
        ge=1,
        description="refused messages of a vendor and day kept whole; the rest is counted",
    )
    vendor_letter_bytes: int = Field(default=20_000_000, ge=1024, description="the same in bytes")

    shards: int = Field(default=1, ge=1, le=1024, description="engine shards; a home's shard is home.id modulo this")
    shard: int = Field(default=0, ge=0, description="the shard this engine judges")
    tick: Span = Field(default=timedelta(seconds=1), description="how often absence is judged")
    latest_every: Span = Field(
        default=timedelta(seconds=5), description="how long after one pass of writing `latest` the next begins"
    )
    retention: Span = Field(
        default=timedelta(days=400), description="readings older than this, and than 21 days, are dropped nightly"
    )

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8080, ge=1, le=65535)
    cookie_secure: bool = Field(
        default=True, description="session cookie over HTTPS only; the demo on loopback turns it off"
    )
    session_hours: int = Field(
        default=12, ge=1, le=24, description="a duty shift: a browser's session ends so long after it was last used"
    )
    session_idle: Span = Field(
        default=timedelta(hours=1),
        ge=timedelta(minutes=5),  # use is written down to the minute
        description="a browser's session that is not used for so long ends; an open live board counts as use",
    )
    streams_per_account: int = Field(default=20, ge=1, description="live connections that one account may hold")
    streams: int = Field(default=1000, ge=1, description="live connections of this API process, all together")
    api_connections: int = Field(
        default=2000,
        ge=10,
        description="connections of this API process; beyond them the one longest without a request is closed",
    )
    trusted_proxies: str = Field(
        default="",
        description="addresses or networks, by commas, whose `X-Forwarded-For` is believed; empty: nobody's",
    )
    ops_host: str = Field(default="127.0.0.1", description="where `/metrics` and the API's document are served …")
    ops_port: int = Field(default=9464, ge=1, le=65535, description="… to the site's own network, never to the public")

    canary_api: str = Field(default="http://127.0.0.1:8080", description="the API, as the self-check reaches it")
    canary_token: SecretStr = Field(default=SecretStr(""), description="the self-check's bearer token")
    canary_every: Span = Field(default=timedelta(seconds=5), description="how often the self-check signals")
    canary_late: Span = Field(
        default=timedelta(seconds=15), description="no signal came round for this long: an emergency of its own"
    )

    @field_validator("database_url")
    @classmethod
    def _encrypted(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        return SecretStr(tls.database_url(value.get_secret_value(), info.data.get("database_ca")))

    @field_validator("mqtt_ca", "database_ca")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value and not os.access(value, os.R_OK):
            raise ValueError("is not a file that can be read")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError("is not a time zone; Asia/Shanghai is one") from None
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for text in filter(None, value.split(",")):
            ip_network(text.strip())
        return value

    @property
    def shift(self) -> timedelta:
        """How long a browser's session lasts after it was last used."""
        return timedelta(hours=self.session_hours)

    @property
    def proxies(self) -> list[str]:
        """Who may say for whom it asks."""
        return [text.strip() for text in self.trusted_proxies.split(",") if text.strip()]

    @property
    def zone(self) -> ZoneInfo:
        """The homes' time zone."""
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then secret files."""
        return init_settings, env_settings, SecretFiles(settings_cls)


def load() -> Settings:
    """The settings of this process; raises SettingsError naming each that is wrong."""
    try:
        return Settings.model_validate({})  # the environment gives the rest
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from None
    except pydantic_settings.SettingsError:  # its cause quotes the value
        raise SettingsError("SHOUWANG_*: one of them is no JSON") from None


def _lines(error: ValidationError) -> list[str]:
    """One for each setting that is wrong, without what was given."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    causes = [one for one in found if one["type"] != "default_factory_not_called"]  # that follows from another's
    return [": ".join([*_name(one["loc"]), _words(one["type"], one["msg"])]) for one in causes]


def _name(where: tuple[int | str, ...]) -> list[str]:
    """As it stands in the environment; nothing where the words name it themselves."""
    return [f"{PREFIX}{str(where[0]).upper()}"] if where else []


def _words(kind: str, message: str) -> str:
    return (
        "is not set; it, or the same with _FILE: see docs/deployment.md"
        if kind == "missing"
        else message.removeprefix("Value error, ")
    )
