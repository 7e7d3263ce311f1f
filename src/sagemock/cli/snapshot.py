"""`sagemock snapshot`: all of a registry as a file, and such a file in its place."""

import json
import sys
from pathlib import Path

import click

from sagemock.cli.options import Commands, json_option, url_option

_STANDARD = Path("-")


@click.group(cls=Commands)
def snapshot() -> None:
    """Keep all that a server holds in a file, and load it again."""


@snapshot.command(epilog="Example: sagemock snapshot save before.json")
@click.argument("file", type=click.Path(path_type=Path))
@json_option("The counts as a JSON object.")
@url_option()
def save(*, file: Path, as_json: bool, url: str) -> None:
    """Write all resources of all accounts and regions to FILE; - is stdout.

    The file is sorted JSON with ARNs, times and counters: of the same state it is the same, byte
    by byte. A file that is there is replaced once the new one is whole.
    """
    from sagemock import snapshot_client  # noqa: PLC0415 - --help needs no HTTP

    if as_json and file == _STANDARD:
        raise click.UsageError("With - the snapshot itself is printed; --json is for a file.")
    try:
        content, counts = snapshot_client.fetch(url)
    except snapshot_client.RefusedSnapshotError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if file == _STANDARD:
        sys.stdout.buffer.write(content)
        return
    try:
        snapshot_client.write_file(file, content)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
    saved = f"Saved {snapshot_client.told(counts)} in {file}."
    click.echo(json.dumps({"saved": counts}) if as_json else saved)


@snapshot.command(epilog="Example: sagemock snapshot load before.json")
@click.argument("file", type=click.Path(path_type=Path))
@json_option("The counts as a JSON object.")
@url_option()
def load(*, file: Path, as_json: bool, url: str) -> None:
    """Put what is in FILE in the place of EVERYTHING that the server holds; - is stdin.

    Nobody is asked first: all resources, the activity log and dead letters that are there are gone
    afterwards. A file that cannot be loaded changes nothing.
    """
    from sagemock import snapshot_client  # noqa: PLC0415 - --help needs no HTTP

    try:
        content = _read(file)
        loaded, replaced = snapshot_client.load(url, content)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}.") from error
    except snapshot_client.RefusedSnapshotError as refusal:
        raise click.ClickException(f"{file}: {refusal}") from refusal
    if as_json:
        click.echo(json.dumps({"loaded": loaded, "replaced": replaced}))
        return
    there_were = snapshot_client.told(replaced)
    click.echo(f"Loaded {snapshot_client.told(loaded)}; replaced {there_were}.")


def _read(file: Path) -> bytes:
    if file == _STANDARD:
        return sys.stdin.buffer.read()
    return file.read_bytes()
