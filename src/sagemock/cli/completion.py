"""`sagemock completion`: the script by which a shell completes our commands and options."""

import click

_VARIABLE = "_SAGEMOCK_COMPLETE"  # of click's protocol, for a program named sagemock


@click.command(epilog="Example: sagemock completion bash")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    \b
    bash  put into ~/.bashrc:  eval "$(sagemock completion bash)"
    zsh   put into ~/.zshrc:   eval "$(sagemock completion zsh)"
    fish  put into ~/.config/fish/config.fish:  sagemock completion fish | source
    """  # noqa: D301 - click's mark for lines that are kept as they are
    from click import shell_completion  # noqa: PLC0415 - --help needs none of it

    made = {
        "bash": shell_completion.BashComplete,
        "zsh": shell_completion.ZshComplete,
        "fish": shell_completion.FishComplete,
    }[shell]
    click.echo(made(context.find_root().command, {}, "sagemock", _VARIABLE).source())
