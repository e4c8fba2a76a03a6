"""The `shouwang` command: every program and every task of an administrator."""

import typer

from deploy.command import certificate, provision
from device_sim.command import simulate
from shouwang import broker, devices, homes, letters, policy, programs, site, tokens, users, vendors
from shouwang.common import Commands

app = typer.Typer(
    cls=Commands,
    help="Shouwang 守望: keeps watch over the safety devices in the homes of elderly people who live alone.\n\n"
    "Settings come from SHOUWANG_* variables; see docs/settings.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(vendors.app, name="vendor")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(homes.home, name="home")
app.add_typer(homes.person, name="person")
app.add_typer(devices.app, name="device")
app.add_typer(policy.app, name="policy")
app.add_typer(letters.app, name="dead-letters")
app.add_typer(broker.app, name="broker")
for command in (
    programs.ingest, programs.engine, programs.api, programs.canary,
    provision, certificate, site.migrate, site.doctor, site.learn, site.register, site.export, simulate,
):  # fmt: skip
    app.command()(command)
