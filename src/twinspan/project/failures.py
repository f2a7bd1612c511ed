"""What Terraform's errors mean to the user: bad input, a held lock, or a cloud that refuses."""

import os.path
import re
from collections.abc import Collection, Sequence

from twinspan.command import Completed
from twinspan.errors import (
    CloudRefusedError,
    CloudUnreachableError,
    CommandError,
    DesignError,
    HostError,
    TwinspanError,
)
from twinspan.project.environment import Environment
from twinspan.project.messages import Diagnostic

_LOCKED = "Error acquiring the state lock"
_NO_PROVIDER = re.compile(
    r"Failed to query available provider packages|Failed to install provider|Failed to resolve provider"
)
_NO_TYPE = frozenset({"Invalid resource type", "Invalid data source"})
_REAL_HAS_IT = (
    "; or take the real provider with --providers real: the offline one has fewer types, and"
    " `twinspan doctor` says what the twin has of it"
)
_NO_BUCKET = re.compile(r'S3 bucket "[^"]*" does not exist')
_UNREACHABLE = re.compile(
    r"connection refused|no such host|i/o timeout|no route to host|dial tcp|Max retries exceeded"
)
_NO_CREDENTIALS = re.compile(
    r"No valid credential sources|unable to build authorizer|could not acquire access token"
)
_UNDECLARED = "Value for undeclared variable"
_NO_MODULE = re.compile(
    r"Failed to download module|Module not found|Module version not found|Unreadable module directory"
    r"|Error accessing remote module registry|Unresolvable module|Invalid registry module source address"
    r"|Local module path escapes module package|Invalid module source address"
)
_GET_MODULE = (
    "Correct its source and version there, connect to the registry or repository that has it and sign in,"
    " or copy the module beside your own and give its path as source"
)
_NO_VALUE = "No value for required variable"
_VARIABLE = re.compile(r'(?:input variable|variable) "(?P<name>[^"]+)"')
_NEWER = re.compile(r"The state file uses format version \d+, which is not supported by Terraform \S+\.")
_LOCK_FIELD = re.compile(r"^\s*(ID|Who|Operation|Created):\s*(.+?)\s*$", re.MULTILINE)
_CODE = re.compile(r"(?:api error|with error:) (?P<code>[\w.]+): (?P<message>.*)")
_LONGEST_MESSAGE = 600
"""Of what one resource's provider wrote, in characters: it may hold the cloud's whole answer."""
_HANDED_ON = re.compile(r"^\w+\s*=\s*var\.(?P<name>\w+)$")
_CHECKED_BY = re.compile(r"\s*This was checked by the validation rule at .*$", re.DOTALL)


def no_provider(errors: Sequence[Diagnostic]) -> bool:
    """Whether a provider could not be installed."""
    return any(_NO_PROVIDER.search(error.summary) for error in errors)


def no_bucket(errors: Sequence[Diagnostic]) -> bool:
    """Whether the state bucket does not exist."""
    return any(_NO_BUCKET.search(error.as_line()) for error in errors)


def explain(
    env: Environment,
    errors: Sequence[Diagnostic],
    ended: Completed,
    *,
    applying: bool,
    variables: Collection[str] = (),
    offline: bool = False,
) -> TwinspanError:
    """Return the exception for a Terraform run that ended with a non-zero status.

    Args:
        env: What it ran on.
        errors: The errors it printed, in order.
        ended: How it ended.
        applying: Whether it had begun to change something.
        variables: Names of the variables that the command line gave.
        offline: Whether the offline providers ran.
    """
    if not errors:
        return CommandError(ended.argv, ended.returncode, ended.stderr or "it printed no error")
    written = [error for error in errors if not error.address and error.file]
    input_errors = (_bad_input(env, error) for error in errors)
    known = next((error for error in input_errors if error is not None), None) or _host(env, errors)
    if known is not None:
        return known
    undeclared = [error for error in errors if error.summary == _UNDECLARED]
    if undeclared:
        return DesignError(
            where=f"{env.folder.name}: --var",
            problem=undeclared[0].detail.partition(". ")[0],
            remedy="Choose one that a `variable` block declares",
        )
    if written and not applying:
        return _design(env, written, variables, offline=offline)
    text = _text(errors)
    if _UNREACHABLE.search(text):
        return CloudUnreachableError(text)
    first, *others = errors
    code, message = _cloud_words(first)
    lines = [message, *(f"  {other.address}: {': '.join(_cloud_words(other))}" for other in others)]
    return CloudRefusedError(operation=first.address or "terraform", code=code, message="\n".join(lines))


def _host(env: Environment, errors: Sequence[Diagnostic]) -> HostError | None:
    locked = [error for error in errors if error.summary.startswith(_LOCKED)]
    if locked:
        return _locked(env, locked[0])
    if no_bucket(errors):
        return missing_bucket(env)
    text = _text(errors)
    if no_provider(errors):
        return HostError(
            problem=f"a Terraform provider cannot be installed: {text}",
            remedy="Connect to registry.terraform.io, give a filesystem mirror in TF_CLI_CONFIG_FILE, or take"
            " --providers offline on the twin",
        )
    if _NO_CREDENTIALS.search(text):
        return HostError(
            problem=f"credentials are missing: {text}",
            remedy="Sign in: `aws sso login` or AWS_PROFILE, and `az login`",
        )
    return None


def _bad_input(env: Environment, error: Diagnostic) -> DesignError | None:
    """Return the error for what Terraform itself says without a remedy that fits."""
    detail = " ".join(error.detail.split()).rstrip(".")
    where = f"{env.name}/{error.file} line {error.line}" if error.file else env.name
    if _NO_MODULE.search(error.summary):
        return DesignError(where=where, problem=f"{error.summary}: {detail}", remedy=_GET_MODULE)
    if error.summary == _NO_VALUE:
        name = _VARIABLE.search(f"{detail} {error.snippet}")
        return DesignError(
            where=where,
            problem=f"the variable {name['name'] if name else ''} has no value",
            remedy=f"Give it: --var {name['name'] if name else 'NAME'}=VALUE, --var-file FILE or a line in"
            " terraform.tfvars",
        )
    newer = _NEWER.search(f"{error.summary} {detail}")
    if newer is not None:
        return DesignError(
            where=where,
            problem=newer[0].rstrip("."),
            remedy="Put a Terraform that is as new on PATH, or begin without that state",
        )
    return None


def _text(errors: Sequence[Diagnostic]) -> str:
    return "\n".join(error.as_line() for error in errors)


def missing_bucket(env: Environment) -> HostError:
    """Return the error that says how to make the state bucket, once."""
    state = env.state
    if state is None:
        return HostError(
            problem=f"the bucket that keeps the state of {env.name} does not exist",
            remedy=f"Make it, or correct the backend in {env.folder}",
        )
    make = f"terraform -chdir={env.bootstrap}"
    return HostError(
        problem=f"the state bucket {state.bucket} does not exist",
        remedy=f"Make it once (S3 names are global; choose your own in {env.folder / 'backend.hcl'}):"
        f" `{make} init && {make} apply -var bucket={state.bucket} -var region={state.region}`",
    )


def _locked(env: Environment, error: Diagnostic) -> HostError:
    fields = dict(_LOCK_FIELD.findall(error.detail))
    lock_id = fields.get("ID", "ID")
    who = ", ".join(fields[name] for name in ("Who", "Operation", "Created") if fields.get(name))
    state = f"s3://{env.state.bucket}/{env.state.key}" if env.state else f"the state of {env.name}"
    return HostError(
        problem=f"{_LOCKED}: {state} is in use ({who or 'holder unknown'}, lock {lock_id})",
        remedy="Wait for the other run to end; if it was killed, free it with"
        f" `terraform -chdir={env.folder} force-unlock {lock_id}`",
    )


def _design(
    env: Environment, errors: Sequence[Diagnostic], variables: Collection[str], *, offline: bool
) -> DesignError:
    error = errors[0]
    detail = " ".join(_CHECKED_BY.sub("", error.detail).split()).rstrip(".")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    problem, separator, remedy = detail.rpartition(". ")
    if error.summary != "Invalid value for variable" or not separator:
        shown = error.snippet.splitlines()[0] if error.snippet and not _handed_on(error) else ""
        problem = f"{error.summary}: {detail}"
        remedy = f"Correct `{shown}` there" if shown else "Correct it there"
        remedy += _REAL_HAS_IT if offline and error.summary in _NO_TYPE else ""
    return DesignError(where=_place(env, error, variables), problem=f"{problem}{more}", remedy=remedy)


def _handed_on(error: Diagnostic) -> str:
    """Return the root module's variable that the refused argument hands on as it is; empty if none."""
    match = None if "/" in error.file else _HANDED_ON.match(error.snippet)
    return match["name"] if match else ""


def _place(env: Environment, error: Diagnostic, variables: Collection[str]) -> str:
    """Return where the user wrote what is refused; Terraform names where a module was given it."""
    name = _handed_on(error)
    if name in variables:
        return f"{env.folder.name}: --var {name}"
    values = env.folder / "terraform.tfvars"
    lines = values.read_text().splitlines() if name else []
    for number, line in enumerate(lines, start=1):
        if re.match(rf"{name}\s*=", line):
            return f"{env.folder.name}/{values.name} line {number}"
    return f"{os.path.relpath(env.folder / error.file, env.folder.parent)} line {error.line}"


def _cloud_words(error: Diagnostic) -> tuple[str, str]:
    """Return the cloud's own code and message, as far as the provider's text shows them.

    The real providers wrap them in sentences with whole answers in them: hashicorp/aws ends in
    `api error CODE: message`, hashicorp/azurerm in `with error: CODE: message`.
    """
    summary, detail = (" ".join(text.split()) for text in (error.summary, error.detail))
    whole = detail if detail.startswith(summary) else f"{summary}: {detail}".rstrip(": ")
    match = _CODE.search(whole)
    if match is not None:
        code, message = match["code"], match["message"]
    elif detail and not detail.startswith(summary):
        code, message = summary, detail
    else:
        code, message = "an error", whole
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]} ..."
    return code, message
