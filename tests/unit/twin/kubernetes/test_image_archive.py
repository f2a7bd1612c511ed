"""OCI archives: what is in them, and that the same files make the same bytes."""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from twinspan.host import architecture
from twinspan.twin.kubernetes.image_archive import Blob, Entry, Image, make_layer, write_archive


def members(content: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: member for member in archive.getmembers()}


def files(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            member.name: extracted.read()
            for member in archive.getmembers()
            if (extracted := archive.extractfile(member)) is not None
        }


def blob(archive: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    """Follow a descriptor; checks its size and digest."""
    algorithm, _, digest = descriptor["digest"].partition(":")
    content = archive[f"blobs/{algorithm}/{digest}"]
    assert len(content) == descriptor["size"]
    assert hashlib.new(algorithm, content).hexdigest() == digest
    return content


@pytest.fixture
def bottom() -> Blob:
    return make_layer([Entry(path="etc/motd", content=b"hello\n", mode=0o644)])


@pytest.fixture
def top(tmp_path: Path) -> Blob:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    return make_layer([Entry(path="usr/bin/program", source=program), Entry(path="bin", link="usr/bin")])


def test_an_archive_leads_from_its_index_to_every_layer(tmp_path: Path, bottom: Blob, top: Blob) -> None:
    path = tmp_path / "images.tar"
    names = ("example.org/one:1.0", "example.org/one:latest")
    write_archive(path, [Image(names=names, layers=(bottom, top), command=("program", "--now"))])
    archive = files(path)
    assert json.loads(archive["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(archive["index.json"])
    assert [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]] == list(names)
    assert [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in index["manifests"]] == [
        "1.0",
        "latest",
    ]
    manifest = json.loads(blob(archive, index["manifests"][0]))
    config = json.loads(blob(archive, manifest["config"]))
    assert [blob(archive, layer) for layer in manifest["layers"]] == [bottom.content, top.content]
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert config["config"]["Cmd"] == ["program", "--now"]
    assert config["architecture"] == architecture().name


def test_images_that_share_a_layer_carry_it_once(tmp_path: Path, bottom: Blob, top: Blob) -> None:
    path = tmp_path / "images.tar"
    images = [
        Image(names=("one:1",), layers=(bottom,), command=("a",)),
        Image(names=("two:1",), layers=(bottom, top), command=("b",)),
    ]
    write_archive(path, images)
    with tarfile.open(path) as archive:
        names = archive.getnames()
    assert (
        len(names) == len(set(names)) == 2 + 2 * 2 + 2
    )  # layout and index, manifests and configurations, layers


def test_a_layer_has_files_links_and_the_folders_above_them(top: Blob) -> None:
    entries = members(top.content)
    assert set(entries) == {"usr", "usr/bin", "usr/bin/program", "bin"}
    assert entries["usr/bin"].isdir()
    assert entries["usr/bin/program"].mode == 0o755
    assert entries["bin"].issym()
    assert entries["bin"].linkname == "usr/bin"


def test_a_layer_tells_nothing_of_when_and_by_whom_it_was_made(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for number, file in enumerate((first, second)):
        file.write_bytes(b"same")
        os.utime(file, (number * 1000, number * 1000))
    entries = [Entry(path="b", source=first), Entry(path="a/c", content=b"x")]
    other = [Entry(path="a/c", content=b"x"), Entry(path="b", source=second)]
    assert make_layer(entries) == make_layer(other)
    assert {(member.mtime, member.uid) for member in members(make_layer(entries).content).values()} == {
        (0, 0)
    }


def test_the_same_images_make_the_same_archive(tmp_path: Path, bottom: Blob, top: Blob) -> None:
    images = [Image(names=("one:1",), layers=(bottom, top), command=("a",))]
    for name in ("x.tar", "y.tar"):
        write_archive(tmp_path / name, images)
    assert (tmp_path / "x.tar").read_bytes() == (tmp_path / "y.tar").read_bytes()


def test_a_link_on_this_machine_becomes_the_file_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"content")
    (tmp_path / "link").symlink_to("real")
    entries = members(make_layer([Entry(path="file", source=tmp_path / "link")]).content)
    assert entries["file"].isfile()
    assert entries["file"].size == len(b"content")


def test_a_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing-here"):
        make_layer([Entry(path="file", source=tmp_path / "nothing-here")])


def test_an_archive_that_cannot_be_written_leaves_nothing(tmp_path: Path, bottom: Blob) -> None:
    target = tmp_path / "images.tar"
    target.mkdir()  # a file cannot take its place
    (target / "kept").touch()
    with pytest.raises(OSError, match=r"images\.tar"):
        write_archive(target, [Image(names=("one:1",), layers=(bottom,), command=("a",))])
    assert [path.name for path in tmp_path.iterdir()] == ["images.tar"]
