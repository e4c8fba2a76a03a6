"""`shouwang provision` and `shouwang certificate`: a deployment's secrets, certificates, accounts and logins."""

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core import tls
from deploy import provision as deployment
from deploy import roles
from deploy.certificates import CertificateError
from deploy.listeners import WITH_CERTIFICATE

DATABASE = "shouwang"


def provision(
    dir: Annotated[Path, typer.Option(help="folder of the secret files; what is there is kept")],
    vendor: Annotated[list[str] | None, typer.Option(help="a vendor's code; may be repeated")] = None,
    broker_dir: Annotated[
        Path | None, typer.Option(help="write Mosquitto's configuration, certificate and accounts here")
    ] = None,
    broker_name: Annotated[
        list[str] | None,
        typer.Option(help="host name or address that terminals reach the broker by; may be repeated; else as before"),
    ] = None,
    broker_certificate: Annotated[
        Path | None,
        typer.Option(help="folder with fullchain.pem and privkey.pem of another authority, as certbot's live/NAME"),
    ] = None,
    client_certificates: Annotated[
        bool | None,
        typer.Option(help=f"a listener on {WITH_CERTIFICATE} for terminals that log in by certificate; else as before"),
    ] = None,
    postgres_dir: Annotated[
        Path | None, typer.Option(help="the owner's password and a certificate, for the database container alone")
    ] = None,
    postgres_uid: Annotated[int, typer.Option(help="the database container's user")] = 70,
    database_host: Annotated[
        str | None, typer.Option(help="migrate the database there, create the logins, hand each program its secrets")
    ] = None,
    database_port: int = 5432,
    database_ca: Annotated[
        Path | None, typer.Option(help="CA of the database's certificate; else this site's own")
    ] = None,
    programs_dir: Annotated[
        Path | None, typer.Option(help="where each program gets a folder with its secrets; else in --dir")
    ] = None,
    uid: Annotated[int, typer.Option(help="the programs' user")] = 1883,
    broker_uid: Annotated[int, typer.Option(help="the broker's user")] = 1883,
) -> None:
    """Make a deployment's secrets, certificates, broker accounts and database logins. A second run changes nothing.

    It renews the broker's certificate when its own authority made it and less than a year is left, or takes over the
    one given when that is new, and says so: then tell the broker (SIGHUP), which cuts nobody off.
    """
    now = datetime.now(UTC)
    made = deployment.provision(dir, vendor or [])
    made.authority.ensure(now)
    if broker_dir:
        files = deployment.BrokerFiles(broker_dir, broker_name or (), broker_certificate, client_certificates)
        try:
            if deployment.write_broker(made, files, now):
                typer.echo("the broker has a new certificate: reload it (SIGHUP)")
        except CertificateError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        _give([broker_dir, *broker_dir.iterdir()], broker_uid)
    if postgres_dir:
        deployment.write_postgres(made, postgres_dir, ["db", "localhost", "127.0.0.1"], now)
        _give([postgres_dir, *postgres_dir.iterdir()], postgres_uid)
    if database_host:
        _hand_out(made, programs_dir or dir, (database_host, database_port), uid)
        owner = f"postgresql://postgres:{made.postgres}@{database_host}:{database_port}/{DATABASE}"
        applied = deployment.setup_database(tls.database_url(owner, database_ca or made.authority.file), made)
        typer.echo(f"applied: {', '.join(applied) or 'nothing, the schema is up to date'}")


def _hand_out(made: deployment.Secrets, to: Path, database: tuple[str, int], uid: int) -> None:
    for folder in deployment.write_programs(made, to, *database, DATABASE):
        _give([folder, *folder.iterdir()], uid)
    if to == made.folder:
        to.chmod(0o711)  # each program comes to its own folder, and can read nothing else


def _give(paths: Iterable[Path], uid: int) -> None:
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, uid, uid)


def certificate(
    account: Annotated[str, typer.Argument(help="the account at the broker that it logs in as: a vendor, a terminal")],
    request: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="the signing request (CSR, PEM)")],
    dir: Annotated[Path, typer.Option(help="folder of the secret files, with the authority")],
) -> None:
    """Sign a vendor's request, whose key never leaves the vendor; prints the certificate that logs in as ACCOUNT."""
    if account in roles.ours() or not re.fullmatch(r"[A-Za-z0-9_.:~/-]{1,64}", account):
        typer.echo(f"{account}: not an account of a vendor or a terminal", err=True)
        raise typer.Exit(1)
    made = deployment.Secrets(dir)
    if not made.authority.file.exists():
        typer.echo(f"there is no authority in {dir}: run shouwang provision first", err=True)
        raise typer.Exit(1)
    try:
        typer.echo(made.authority.client(request.read_bytes(), account, datetime.now(UTC)), nl=False)
    except CertificateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
