"""Container images as OCI archives, written from files of this machine; the same bytes for the same files.

Layout and media types: OCI Image Format Specification 1.0, `image-layout.md`, `manifest.md` and `layer.md`.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinspan.host import SYSTEM_PATH, architecture

_EPOCH = "1970-01-01T00:00:00Z"
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path in a layer: a file (`source` or `content`), a symbolic link (`link`), or else a folder.

    Attributes:
        path: Without a leading slash, e.g. `usr/bin/ping`.
        source: File of this machine to copy, links followed.
        link: Target of the symbolic link.
        mode: Permission bits.
    """

    path: str
    source: Path | None = None
    content: bytes | None = None
    link: str = ""
    mode: int = 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes and their name in the archive."""

    media_type: str
    content: bytes
    digest: str

    @property
    def descriptor(self) -> dict[str, object]:
        """What points at the blob."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image: layers from the bottom up, and all names it goes by, `docker.io/...` among them.

    Attributes:
        entrypoint: Program that a pod's `args` are for.
        command: What runs if a pod says neither `command` nor `args`: arguments of the entrypoint, if any.
    """

    names: tuple[str, ...]
    layers: tuple[Blob, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


def make_layer(entries: Iterable[Entry]) -> Blob:
    """Pack entries into an uncompressed layer, folders above them included.

    Uncompressed: the archive never leaves the machine, and unpacking it is what every node waits for.

    Raises:
        OSError: A source is not there.
    """
    by_path = {entry.path: entry for entry in entries}
    for path in list(by_path):
        for folder in Path(path).parents[:-1]:
            by_path.setdefault(str(folder), Entry(path=str(folder)))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(by_path):
            _add(archive, by_path[path])
    return _blob(_LAYER, packed.getvalue())


def write_archive(path: Path, images: Sequence[Image]) -> None:
    """Write an archive with all the images, which `ctr images import` reads; shared layers are in it once.

    The file appears whole or not at all.
    """
    blobs: dict[str, Blob] = {}
    manifests: list[dict[str, object]] = []
    for image in images:
        config = _blob(_CONFIG, _json(_config(image)))
        manifest = _blob(_MANIFEST, _json(_manifest(config, image.layers)))
        blobs |= {blob.digest: blob for blob in (config, manifest, *image.layers)}
        manifests += [manifest.descriptor | {"annotations": _annotations(name)} for name in image.names]
    files = {f"blobs/sha256/{digest.removeprefix('sha256:')}": blob.content for digest, blob in blobs.items()}
    files["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    files["index.json"] = _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests})
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        with tarfile.open(draft, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in sorted(files):
                _add(archive, Entry(path=name, content=files[name], mode=0o644))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, entry: Entry) -> None:
    """Add an entry that tells nothing of this machine: no owner, no time."""
    header = tarfile.TarInfo(entry.path)
    header.mode = entry.mode
    content = entry.source.read_bytes() if entry.source else entry.content
    if content is not None:
        header.size = len(content)
    elif entry.link:
        header.type, header.linkname, header.mode = tarfile.SYMTYPE, entry.link, 0o777
    else:
        header.type = tarfile.DIRTYPE
    archive.addfile(header, io.BytesIO(content) if content is not None else None)


def _config(image: Image) -> dict[str, object]:
    return {
        "created": _EPOCH,
        "architecture": architecture().name,
        "os": "linux",
        "config": {
            "Env": [f"PATH={SYSTEM_PATH}"],
            "Entrypoint": list(image.entrypoint),
            "Cmd": list(image.command),
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in image.layers]},
    }


def _manifest(config: Blob, layers: Sequence[Blob]) -> dict[str, object]:
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": config.descriptor,
        "layers": [layer.descriptor for layer in layers],
    }


def _annotations(name: str) -> Mapping[str, str]:
    """Name an image: containerd reads its own annotation first, other tools the specification's."""
    return {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }


def _blob(media_type: str, content: bytes) -> Blob:
    return Blob(
        media_type=media_type, content=content, digest=f"sha256:{hashlib.sha256(content).hexdigest()}"
    )


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
