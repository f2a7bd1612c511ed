"""Every exception twinspan raises on purpose.

    TwinspanError
    ├── DesignError            what the user wrote cannot be built            exit 2
    ├── HostError              the machine lacks something                    exit 3
    ├── CommandError           a host command failed                          exit 3
    ├── WaitTimeoutError       a state was not reached in time                exit 3
    └── CloudError             a cloud API, real or twin                      exit 3
        ├── CloudRefusedError      it answered no
        └── CloudUnreachableError  it did not answer

A failed check is a result, not an exception.
"""

from collections.abc import Sequence


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


class CloudUnreachableError(CloudError):
    """The API did not answer: no route, no listener, TLS failure or time-out."""
