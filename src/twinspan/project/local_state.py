"""The state of a user's root module: on a twin the twin's own, else what the module's backend holds."""

import os
from pathlib import Path

from twinspan import command
from twinspan.project.environment import Environment
from twinspan.project.isolation import Store, workspace_of
from twinspan.project.state import State, load_state


def local_state(env: Environment, states: Path | None) -> State:
    """Return what Terraform has made of a root module; empty if nothing, or if nobody can say.

    On real accounts `terraform state pull` is asked in the user's own folder, which only reads. A folder that
    is not initialised has no answer; then what exists counts, without a state to compare it with.

    Args:
        env: The root module.
        states: Where a twin keeps states; None for real accounts.

    Raises:
        DesignError: The state is none.
        HostError: Terraform is not installed.
    """
    if states is not None:
        file = Store.of(states, env).state(workspace_of(env))
        return (
            load_state(file.read_bytes(), where=str(file), remedy="Apply again")
            if file.is_file()
            else State()
        )
    argv = ["terraform", "state", "pull"]
    pulled = command.run(argv, cwd=env.folder, env={**os.environ, "CHECKPOINT_DISABLE": "1"}, check=False)
    if pulled.returncode != 0 or not pulled.stdout.strip():
        return State()
    return load_state(
        pulled.stdout, where=f"the state of {env.name}", remedy="Look at `terraform state pull`"
    )
