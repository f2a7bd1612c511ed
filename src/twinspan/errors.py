"""Every exception twinspan raises on purpose.

    TwinspanError
    ├── DesignError            what the user wrote cannot be built            exit 2
    │   └── ForeignProvidersError  it needs providers that a twin does not run
    ├── HostError              the machine lacks something                    exit 3
    ├── CommandError           a host command failed                          exit 3
    ├── WaitTimeoutError       a state was not reached in time                exit 3
    ├── ItemsError             some of several objects could not be handled   exit 3
    ├── UnknownAlgorithmError  a cloud's word for an algorithm is not known   exit 3
    ├── InternalError          a defect of twinspan, in another process       exit 3
    └── CloudError             a cloud API, real or twin                      exit 3
        ├── CloudRefusedError      it answered no
        │   └── ApiRefusedError        a cluster's API server did
        └── CloudUnreachableError  it did not answer

A failed check is a result, not an exception. All are defined here: so each is found by its name.
"""

from collections.abc import Iterable, Sequence


class TwinspanError(Exception):
    """Base of all errors that are shown to the user as one line, without a traceback.

    Attributes:
        exit_code: Process exit status: 2 bad input, 3 the machine or an endpoint is not ready.
    """

    exit_code = 3


class DesignError(TwinspanError):
    """The user's input asks for something that cannot be built or does not parse.

    Attributes:
        where: File, line and field, e.g. `envs/dev/terraform.tfvars tunnels.inside_cidr`.
        problem: What is wrong, with the offending value in it.
        remedy: What to write instead; an instruction, not a hint.
    """

    exit_code = 2

    def __init__(self, *, where: str, problem: str, remedy: str) -> None:
        super().__init__(f"{where}: {problem}. {remedy}.")
        self.where = where
        self.problem = problem
        self.remedy = remedy


class ForeignProvidersError(DesignError):
    """Providers are asked for that may not run on a twin.

    Attributes:
        names: Theirs, short.
    """

    def __init__(self, names: tuple[str, ...], *, where: str, problem: str, remedy: str) -> None:
        super().__init__(where=where, problem=problem, remedy=remedy)
        self.names = names


class HostError(TwinspanError):
    """The machine is not ready: a missing package, right, port or running twin.

    Attributes:
        problem: What is missing.
        remedy: The command or step that provides it.
    """

    def __init__(self, *, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}. {remedy}.")
        self.problem = problem
        self.remedy = remedy


class CommandError(TwinspanError):
    """A command on the host ended with a non-zero status.

    Attributes:
        argv: The command as run; never holds a secret.
        returncode: Its exit status; negative if a signal ended it.
        stderr: What it wrote to standard error.
    """

    def __init__(self, argv: Sequence[str], returncode: int, stderr: str) -> None:
        super().__init__(f"`{' '.join(argv)}` exited with {returncode}: {stderr.strip()}")
        self.argv = tuple(argv)
        self.returncode = returncode
        self.stderr = stderr


class WaitTimeoutError(TwinspanError, TimeoutError):
    """A state was not reached in time.

    Attributes:
        what: What was waited for.
        timeout_s: How long, in seconds.
        last: The last state seen, for the reader.
    """

    def __init__(self, *, what: str, timeout_s: float, last: object) -> None:
        super().__init__(f"no {what} within {timeout_s:g} s (last seen: {last})")
        self.what = what
        self.timeout_s = timeout_s
        self.last = last


class ItemsError(TwinspanError):
    """Some of several objects could not be handled; the others were.

    Attributes:
        problems: One line for each.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class UnknownAlgorithmError(TwinspanError, ValueError):
    """A cloud's word for an algorithm that the data plane does not know."""


class InternalError(TwinspanError):
    """Another process of twinspan met an exception that is none of these: a defect.

    Attributes:
        operation: What it was asked to do.
        kind: The exception's class.
        problem: Its class, what it says and where it was raised.
    """

    def __init__(self, *, operation: str, kind: str, problem: str) -> None:
        super().__init__(
            f"`{operation}` failed with {problem}. Look at `twinspan twin logs`, and please report it."
        )
        self.operation = operation
        self.kind = kind
        self.problem = problem


class CloudError(TwinspanError):
    """A cloud API, of a real cloud or of the twin, did not do what was asked."""


class CloudRefusedError(CloudError):
    """The API answered with an error.

    Attributes:
        operation: What was asked, e.g. `ec2:DescribeVpnConnections`.
        code: The API's own error code.
    """

    def __init__(self, *, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation} refused with {code}: {message}")
        self.operation = operation
        self.code = code


class ApiRefusedError(CloudRefusedError):
    """The API server of a Kubernetes cluster answered with an error.

    Attributes:
        status: The HTTP status.
        message: Its own words.
    """

    def __init__(self, *, operation: str, status: int, code: str, message: str) -> None:
        super().__init__(operation=operation, code=code, message=message)
        self.status = status
        self.message = message


class CloudUnreachableError(CloudError):
    """The API did not answer: no route, no listener, TLS failure or time-out."""
