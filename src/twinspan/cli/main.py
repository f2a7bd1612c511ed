"""The root command and the one place where exceptions become exit codes."""

import importlib
import sys
import threading

import click

from twinspan import defects
from twinspan.cli.output import progress
from twinspan.errors import TwinspanError

_COMMANDS = {
    "apply": "project",
    "check": "check",
    "demo": "demo",
    "deploy": "deploy",
    "destroy": "project",
    "doctor": "doctor",
    "drill": "drill",
    "exec": "exec",
    "explain": "explain",
    "init": "init",
    "monitor": "monitor",
    "plan": "project",
    "probe": "probe",
    "report": "report",
    "rotate": "rotate",
    "twin": "twin",
    "verify": "verify",
}
"""Command -> module of `twinspan.cli` that defines it; loaded on use, so that `--help` is quick."""

_NAMES = {"exec": "exec_command"}
"""Command -> its function, where Python has the name already."""


class _PipeError(Exception):
    """A broken pipe, whose cause says more; click takes every one for a reader that has left."""


class _LazyGroup(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _PipeError(str(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"twinspan.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, _NAMES.get(cmd_name, cmd_name))
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="twinspan")
def root() -> None:
    """Build, rehearse, break and measure a redundant VPN between AWS and Azure.

    \b
    Example: twinspan demo

    \b
    Exit codes: 0 good, 1 a check failed, 2 bad input, 3 the machine or an endpoint is not ready.
    """  # noqa: D301 - click needs the character itself


def main() -> None:
    """Run the command line; every error is one line, without a traceback."""
    threading.excepthook = _show_end_of_thread
    try:
        status = root.main(standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        progress.print("aborted", style="red")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except TwinspanError as error:
        progress.print(f"error: {error}", style="red", markup=False)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours, shown as such
        if isinstance(error, _PipeError) and defects.reader_left():
            sys.exit(defects.READER_LEFT)
        _show_defect(error)
        sys.exit(3)
    sys.exit(status if isinstance(status, int) else 0)


def _show_defect(error: BaseException) -> None:
    progress.print(defects.described(error), style="red", markup=False)


def _show_end_of_thread(failed: threading.ExceptHookArgs) -> None:
    """Show an exception that ended a thread; a `threading.excepthook`."""
    _show_defect(failed.exc_value or failed.exc_type())


if __name__ == "__main__":
    main()
