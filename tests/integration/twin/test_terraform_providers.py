"""Whether the real Terraform providers can be had: asked of a real Terraform, with mirrors of all kinds."""

import contextlib
import json
import os
import shutil
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

import pytest

from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.providers.mirror import write_mirror
from twinspan.twin.providers.schema import VERSIONS
from twinspan.twin.rundir import RunDir
from twinspan.twin.terraform_providers import (
    CONSTRAINTS,
    PROBE_LIMIT_S,
    Choice,
    can_install,
    chosen_providers,
    own_config,
    provider_variables,
)

pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
)
TREE = Path(__file__).parents[3] / "terraform"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    RunDir("lab").create()
    return tmp_path / "home"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of the user's own that holds both providers; the folder `hashicorp` in it."""
    config = write_mirror(tmp_path / "users-mirror")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(config))
    return tmp_path / "users-mirror" / "mirror" / "registry.terraform.io" / "hashicorp"


class _Mirror(BaseHTTPRequestHandler):
    """A provider mirror on the network that knows the versions and is slow with everything else."""

    knows: tuple[str, ...] = ("aws", "azurerm")
    over = threading.Event()

    def do_GET(self) -> None:
        provider = self.path.split("/")[-2]
        if not self.path.endswith("/index.json"):
            self.over.wait(20)
        elif provider not in self.knows:
            self.send_error(404)
        else:
            version = {"aws": "6.25.0", "azurerm": "5.2.0"}[provider]
            body = json.dumps({"versions": {version: {}}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args


@pytest.fixture
def slow_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Mirror]]:
    class Handler(_Mirror):
        over = threading.Event()

    tls = ensure_tls(tmp_path / "tls")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = tmp_path / "terraformrc"
    url = f"https://localhost:{server.server_port}/"
    config.write_text(f'provider_installation {{\n  network_mirror {{\n    url = "{url}"\n  }}\n}}\n')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(config))
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.ca_certificate))
    monkeypatch.setenv("NO_PROXY", "localhost")
    yield Handler
    Handler.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_mirror_with_both_providers_is_enough(mirror: Path) -> None:
    assert mirror.is_dir()
    assert can_install()
    assert chosen_providers("lab", "auto") == "real"
    assert provider_variables("lab", "real") == {}


@pytest.mark.parametrize("provider", ["aws", "azurerm"])
def test_one_missing_provider_means_offline(mirror: Path, provider: str) -> None:
    shutil.rmtree(mirror / provider)
    assert not can_install()
    assert chosen_providers("lab", "auto") == "offline"


@pytest.mark.parametrize(("provider", "version"), [("aws", "4.67.0"), ("azurerm", "4.9.0")])
def test_a_mirror_with_another_version_only_means_offline(mirror: Path, provider: str, version: str) -> None:
    held = (mirror / provider / VERSIONS[provider]).rename(mirror / version)
    shutil.rmtree(mirror / provider)
    (mirror / provider).mkdir()
    held.rename(mirror / provider / version)
    assert not can_install()


def test_a_registry_that_knows_both_but_is_slow_to_send_them_is_enough(slow_mirror: type[_Mirror]) -> None:
    started = monotonic()
    assert slow_mirror.knows == ("aws", "azurerm")
    assert can_install()
    assert monotonic() - started < 3


def test_a_slow_registry_that_lacks_one_is_not_enough(slow_mirror: type[_Mirror]) -> None:
    slow_mirror.knows = ("aws",)
    assert not can_install()


@pytest.fixture
def slow_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A launcher that stands before Terraform, takes twice as long as an answer may, and stays beside it."""
    real = shutil.which("terraform")
    launcher = tmp_path / "launcher" / "terraform"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nsleep {2 * PROBE_LIMIT_S}\n"{real}" "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", f"{launcher.parent}:{os.environ['PATH']}")
    return launcher


def test_a_launcher_that_is_slow_takes_nothing_from_the_time_for_an_answer(
    mirror: Path, slow_to_start: Path
) -> None:
    assert mirror.is_dir()
    assert slow_to_start.is_file()
    assert can_install()


@pytest.mark.slow
def test_what_a_launcher_has_started_goes_with_it(slow_mirror: type[_Mirror], slow_to_start: Path) -> None:
    assert slow_mirror.knows
    assert slow_to_start.is_file()
    assert can_install()
    assert [argv for argv in _command_lines() if "-backend=false" in argv] == []


def test_a_terraform_that_says_nothing_is_asked_once(
    mirror: Path, slow_to_start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mirror.is_dir()
    asked = slow_to_start.with_name("asked")
    slow_to_start.write_text(f'#!/bin/sh\necho >> "{asked}"\nexec sleep 60\n')
    monkeypatch.setattr("twinspan.twin.terraform_providers.BEGIN_LIMIT_S", 0.5)

    assert not can_install()

    assert asked.read_text() == "\n"


def _command_lines() -> list[list[str]]:
    """The arguments of all processes that are below this one or were left behind by one that was."""
    command_lines = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            argv = (folder / "cmdline").read_text().split("\0")
            if (folder / "environ").read_bytes().find(os.environ["TWINSPAN_HOME"].encode()) >= 0:
                command_lines.append(argv)
    return command_lines


def test_asking_leaves_nothing_behind(
    slow_mirror: type[_Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slow_mirror.knows
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path / "tmp")
    can_install()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_answer_is_kept_until_the_user_s_settings_change(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen_providers("lab", "auto") == "real"
    shutil.rmtree(mirror)
    assert chosen_providers("lab", "auto") == "real"
    monkeypatch.setenv("TF_REGISTRY_CLIENT_TIMEOUT", "7")
    assert chosen_providers("lab", "auto") == "offline"


def test_an_old_or_broken_answer_is_not_used(mirror: Path) -> None:
    assert chosen_providers("lab", "auto") == "real"
    shutil.rmtree(mirror)
    kept = RunDir("lab").providers_answer
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"at_s": 0.0}))
    assert chosen_providers("lab", "auto") == "offline"
    kept.write_text("{")
    assert chosen_providers("lab", "auto") == "offline"


@pytest.mark.parametrize("choice", ["real", "offline"])
def test_what_is_asked_for_is_taken_without_asking_terraform(choice: Choice) -> None:
    assert chosen_providers("lab", choice) == choice
    assert not RunDir("lab").providers_answer.exists()


def test_offline_names_a_mirror_that_terraform_installs_from(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = provider_variables("lab", "offline")
    config = str(variables["TF_CLI_CONFIG_FILE"])
    assert Path(config).is_relative_to(home / "lab")
    assert variables["TF_PLUGIN_CACHE_DIR"] is None
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", config)
    assert own_config() is None
    assert provider_variables("lab", "real") == {"TF_CLI_CONFIG_FILE": None}


def test_without_terraform_there_is_nothing_to_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chosen_providers("lab", "auto") == "real"


def test_the_versions_asked_for_are_those_of_the_tree() -> None:
    tree = (TREE / "envs" / "dev" / "providers.tf").read_text()
    for provider, constraint in CONSTRAINTS.items():
        block = tree.split(f'"hashicorp/{provider}"')[1].split("}")[0]
        assert f'"{constraint}"' in block
