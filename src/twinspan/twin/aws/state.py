"""Keep what the AWS API knows in a file, so that it survives a restart of the twin.

The file holds moto's backends, pickled, behind one line that says which versions wrote it. It holds
pre-shared keys: it is made with mode 0600, and is not read if others could have written it.
"""

import hashlib
import io
import os
import pickle
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import moto
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.models import S3Backend, s3_backends
from moto.s3.utils import _VersionedKeyStore

from twinspan.errors import HostError
from twinspan.twin.aws import own_backends

FORMAT = 5
"""Raise this whenever a stored class changes its fields, or another one is stored in its place."""

_BackendKey = tuple[str, str, str]
_LOCK = type(threading.RLock())
_Contents = Mapping[_BackendKey, Mapping[str, Any]]


class _Writer(pickle.Pickler):
    """Writes a reference to a backend as its (service, account, region) instead of its contents."""

    def __init__(self, file: io.BytesIO, names: Mapping[int, _BackendKey]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = names

    def persistent_id(self, obj: object) -> _BackendKey | None:
        return self._names.get(id(obj)) if isinstance(obj, BaseBackend) else None

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - a tuple pickle knows, or NotImplemented
        """Write all versions of S3's objects, whose store as the dict that it is shows only the last.

        A lock, which queues have, is written as a new one: nobody holds it while the state is written. A
        private key, which KMS has, is written in a form that can be read again.
        """
        if isinstance(obj, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            written = obj.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            return _private_key, (written,)
        if isinstance(obj, _LOCK):
            return threading.RLock, ()
        if not isinstance(obj, _VersionedKeyStore):
            return NotImplemented
        versions = ((key, version) for key, versions in obj.lists() for version in versions)
        return _VersionedKeyStore, (), None, None, versions


def _private_key(written: bytes) -> object:
    return load_der_private_key(written, None)


class _Reader(pickle.Unpickler):
    def persistent_load(self, pid: _BackendKey) -> BaseBackend:
        return _backend(pid)


def dump() -> bytes:
    """Return the whole state of the API. Nothing may change it meanwhile."""
    # moto names no public way to the services in use; its version is pinned.
    services: list[BackendDict[Any]] = BackendDict._instances  # type: ignore[misc]  # noqa: SLF001
    backends = {
        (service.service_name, account, region): backend
        for service in services
        for account, region, backend in service.iter_backends()
    }
    names = {id(backend): key for key, backend in backends.items()}
    buffer = io.BytesIO()
    _Writer(buffer, names).dump({key: backend.__dict__ for key, backend in backends.items()})
    return buffer.getvalue()


def load(path: Path) -> None:
    """Replace the state of the API by what is in a file.

    Raises:
        HostError: The file cannot be used; says why and what to do.
    """
    contents = read(path)
    try:
        restore(contents)
    except (pickle.UnpicklingError, AttributeError, ImportError, LookupError, TypeError) as error:
        raise _unreadable(path, f"does not fit this version ({type(error).__name__}: {error})") from error


def restore(contents: bytes) -> None:
    """Replace the state of the API by what `dump` returned once."""
    state: _Contents = _Reader(io.BytesIO(contents)).load()
    for key, attributes in state.items():
        backend = _backend(key)
        backend.__dict__.clear()
        backend.__dict__.update(attributes)
    # The one thing of ours that moto keeps outside its backends: who owns which bucket.
    for account, _, bucket_store in s3_backends.iter_backends():
        for name in bucket_store.buckets if isinstance(bucket_store, S3Backend) else ():
            s3_backends.bucket_accounts[name] = (bucket_store.partition, account)


def write(path: Path, contents: bytes) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    digest = hashlib.sha256(contents).hexdigest()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(f"{_header()} {digest}\n".encode())
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> bytes:
    """Return the contents of a file that `write` made.

    Raises:
        HostError: It is damaged, was written by another version, or is not ours alone.
    """
    status = path.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise HostError(
            problem=f"the AWS state file {path} may have been written by others",
            remedy=f"If you trust it: chown {os.geteuid()} {path} && chmod 600 {path}; else delete it",
        )
    head, _, contents = path.read_bytes().partition(b"\n")
    written_by, _, digest = head.decode(errors="replace").rpartition(" ")
    if written_by != _header() and written_by.startswith("twinspan-aws-state"):
        raise _unreadable(path, f"was written by another version ({written_by})")
    if written_by != _header() or digest != hashlib.sha256(contents).hexdigest():
        raise _unreadable(path, "is damaged")
    return contents


def _header() -> str:
    return f"twinspan-aws-state format {FORMAT} moto {moto.__version__}"


def _unreadable(path: Path, why: str) -> HostError:
    return HostError(
        problem=f"the AWS state file {path} {why}",
        remedy="Run `twinspan twin down NAME --purge` and apply again; what the twin held is lost",
    )


def _backend(key: _BackendKey) -> BaseBackend:
    service, account, region = key
    own_backends.install(service)
    backend: BaseBackend = get_backend(service)[account][region]  # type: ignore[call-overload]
    return backend
