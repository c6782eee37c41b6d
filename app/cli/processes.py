"""`seedbed up`, `seedbed worker`, `seedbed migrate`."""

from typing import Annotated, Literal

import typer

from app.cli.opening import opened
from app.cli.output import note
from core.settings import load_settings

app = typer.Typer()


@app.command()
def up(
    host: Annotated[str | None, typer.Option(help="Address to bind; loopback without.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="8501 without.")] = None,
    demo: Annotated[bool, typer.Option(help="Fill an empty workspace with a small batch.")] = True,
) -> None:
    """Start the workbench: server and workers.

    Ctrl-C stops them; calls in flight are finished first.
    """
    from app.up import up as supervise

    supervise(load_settings(host=host, port=port), with_demo=demo)


@app.command()
def worker(
    kind: Annotated[
        Literal["generate", "compute"], typer.Option(help="Which queue it serves.")
    ] = "generate",
    follow_parent: Annotated[
        bool, typer.Option("--follow-parent", hidden=True, help="End when the parent is gone.")
    ] = False,
) -> None:
    """Run one worker process.

    Ctrl-C stops it; calls in flight are finished first.
    """
    from app.worker import run_worker

    run_worker(load_settings(), kind, follow_parent=follow_parent)


@app.command()
def migrate() -> None:
    """Bring the database to this version.

    Starter templates are installed where they are missing.
    """
    with opened() as workspace:
        note(f"The workspace in {workspace.home} is up to date.")
