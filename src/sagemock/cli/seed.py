"""`sagemock seed`: what files say is to be there, brought into a server that runs."""

import json
from pathlib import Path

import click

from sagemock.cli.options import json_option, notice, option, url_option
from sagemock.settings import Settings


@click.command(epilog="Example: sagemock seed churn.yaml --account 210987654321")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@option("--account", help="Account of seeds that name none; else the server's own.")
@option("--region", help="Region of seeds that name none; else the server's own.")
@click.option("--check", is_flag=True, help="Only tell what is wrong with files; ask no server.")
@json_option("One JSON object a file, with all that it names.")
@url_option()
def seed(  # noqa: PLR0913 - a command has its options
    *,
    files: tuple[Path, ...],
    account: str | None,
    region: str | None,
    check: bool,
    as_json: bool,
    url: str,
) -> None:
    """Bring a server to what files say: groups, versions, tags, policies and cards.

    A file is YAML or JSON. What it names is made or brought up to date, what it does not name stays
    as it is; planted again it changes nothing. All files are looked at before anything is written.
    """
    from sagemock.seed_client import ServerCalls  # noqa: PLC0415 - --help needs none of it
    from sagemock.seeds import SeedError, plant_all, read_seed  # noqa: PLC0415 - the same

    # The server would take its own account in place of one that cannot be.
    Settings(account_id=account or Settings.account_id, region=region or Settings.region)
    try:
        seeds = [read_seed(each) for each in files]
        if check:
            for each in files:
                said = f"{each}: nothing is wrong with it"
                click.echo(json.dumps({"Seed": str(each)}) if as_json else said)
            return
        calls = ServerCalls(url)
        own_account, own_region = calls.own_place()
        planted = plant_all(
            seeds, calls, account=account or own_account, region=region or own_region
        )
    except SeedError as error:
        raise click.ClickException(str(error)) from error
    for planned in seeds:
        _tell_what_wins(planned.path, "account", planned.account, account)
        _tell_what_wins(planned.path, "region", planned.region, region)
    for result in planted:
        click.echo(json.dumps(result.shown()) if as_json else result.told())


def _tell_what_wins(path: Path, what: str, named: str | None, given: str | None) -> None:
    """Say that a seed went where its file says, if the command says another place."""
    if named is not None and given not in {None, named}:
        notice(
            f"{path} names the {what} {named} and went there: --{what} {given} is for files that "
            "name none."
        )
