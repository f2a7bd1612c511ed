"""The environment in which plain `terraform`, `aws`, `az` and `kubectl` talk to a twin."""

import os
import ssl
from pathlib import Path

from twinspan.command import environment as process_environment
from twinspan.command import run
from twinspan.errors import HostError
from twinspan.home import home
from twinspan.twin.azure.files import write_private
from twinspan.twin.client import not_up
from twinspan.twin.rundir import RunDir
from twinspan.twin.settings import TwinSettings

AZ_CLOUD = "twinspan"
"""Name under which `az` knows the twin."""
AZ_LIMIT_S = 120.0

_UNSET = (
    "AWS_CA_BUNDLE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
_AWS_SERVICES = (
    "CLOUDWATCH",
    "DYNAMODB",
    "EC2",
    "EKS",
    "ELASTICACHE",
    "IAM",
    "KMS",
    "LOGS",
    "RDS",
    "REDSHIFT",
    "ROUTE_53",
    "S3",
    "SECRETS_MANAGER",
    "SERVICE_QUOTAS",
    "SNS",
    "SQS",
    "SSM",
    "STS",
)
"""Services whose own AWS_ENDPOINT_URL_... would beat AWS_ENDPOINT_URL."""
_ARM_LEFTOVERS = (
    "ARM_ACCESS_KEY",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_ID_FILE_PATH",
    "ARM_CLIENT_SECRET_FILE_PATH",
    "ARM_ENVIRONMENT",
    "ARM_MSI_ENDPOINT",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "ARM_PARTNER_ID",
    "ARM_SAS_TOKEN",
    "ARM_USE_AKS_WORKLOAD_IDENTITY",
    "ARM_USE_CLI",
    "ARM_USE_MSI",
    "ARM_USE_OIDC",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_TENANT_ID",
)
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def environment(name: str) -> dict[str, str | None]:
    """Return what to set (None: to unset) so that unmodified clients talk to the twin `name`.

    Holds the twin's credentials. The trust bundle it names is written again: the system's authorities
    (or those the user has set) and the twin's own, which may vouch for `localhost` only.

    Raises:
        HostError: The twin is not up.
    """
    run_dir = RunDir(name)
    settings = TwinSettings.load(run_dir.settings)
    if settings is None or not run_dir.socket.exists():
        raise not_up(name)
    _write_bundle(run_dir)
    run_dir.az_config.mkdir(mode=0o700, exist_ok=True)
    unset = dict.fromkeys(
        (*_UNSET, *_ARM_LEFTOVERS, *(f"AWS_ENDPOINT_URL_{service}" for service in _AWS_SERVICES))
    )
    return {
        **unset,
        **_aws(settings),
        **_azure(settings, run_dir),
        **_common(run_dir),
    }


def prepare_az(name: str) -> bool:
    """Register the twin with `az` and sign in, unless that was done; False if `az` is not installed.

    What it writes goes to the twin's own AZURE_CONFIG_DIR; the user's own `az` login is not touched.

    Raises:
        HostError: The twin is not up.
        CommandError: `az` failed.
    """
    changes = environment(name)
    changed = process_environment(**changes)
    run_dir = RunDir(name)
    url = f"https://{changes['ARM_METADATA_HOSTNAME']}"
    marker = run_dir.az_config / "twinspan-prepared"
    if marker.exists() and marker.read_text() == url:
        return True
    try:
        known = run(
            ["az", "cloud", "list", "--query", "[].name", "-o", "tsv"], env=changed, timeout_s=AZ_LIMIT_S
        )
    except HostError:
        return False
    verb = "update" if AZ_CLOUD in known.stdout.split() else "register"
    secret = run_dir.az_config / "client-secret"
    write_private(secret, str(changes["ARM_CLIENT_SECRET"]).encode())
    commands = (
        ["az", "cloud", verb, "-n", AZ_CLOUD, "--endpoint-resource-manager", url],
        ["az", "cloud", "set", "-n", AZ_CLOUD],
        [
            *("az", "login", "--service-principal", "--output", "none"),
            *("--username", str(changes["ARM_CLIENT_ID"])),
            *("--password", f"@{secret}"),
            *("--tenant", str(changes["ARM_TENANT_ID"])),
        ],
    )
    try:
        for argv in commands:
            run(argv, env=changed, timeout_s=AZ_LIMIT_S)
    finally:
        secret.unlink()
    marker.write_text(url)
    return True


def _aws(settings: TwinSettings) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{settings.aws_port}",
        "AWS_ACCESS_KEY_ID": settings.access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key,
        "AWS_REGION": settings.aws_region,
        "AWS_DEFAULT_REGION": settings.aws_region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_PAGER": "",
    }


def _azure(settings: TwinSettings, run_dir: RunDir) -> dict[str, str]:
    host = f"localhost:{settings.azure_port}"
    azure = settings.azure
    return {
        "ARM_METADATA_HOSTNAME": host,
        "ARM_SUBSCRIPTION_ID": azure.subscription_id,
        "ARM_TENANT_ID": azure.tenant_id,
        "ARM_CLIENT_ID": azure.client_id,
        "ARM_CLIENT_SECRET": azure.client_secret,
        "AZURE_CONFIG_DIR": str(run_dir.az_config),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
    }


def _common(run_dir: RunDir) -> dict[str, str]:
    own = [part for part in os.environ.get("NO_PROXY", "").split(",") if part]
    no_proxy = ",".join(dict.fromkeys([*own, "localhost", "127.0.0.1"]))
    return {
        "CHECKPOINT_DISABLE": "1",
        "KUBECONFIG": str(run_dir.kubeconfig),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "REQUESTS_CA_BUNDLE": str(run_dir.ca_bundle),
        "SSL_CERT_FILE": str(run_dir.ca_bundle),
        "TF_DATA_DIR": str(run_dir.terraform_data),
        "TWINSPAN_HOME": str(home()),
        "TWINSPAN_NAME": run_dir.name,
    }


def _write_bundle(run_dir: RunDir) -> None:
    own = run_dir.authority.read_text()
    write_private(run_dir.ca_bundle, (_system_authorities() + "\n" + own).encode())


def _system_authorities() -> str:
    """Return the authorities trusted so far: the user's choice, unless it is a twin's, else the system's."""
    chosen = os.environ.get("SSL_CERT_FILE")
    candidates = [
        *([chosen] if chosen and not Path(chosen).is_relative_to(home()) else []),
        *(path for path in [ssl.get_default_verify_paths().openssl_cafile] if path),
        *_BUNDLES,
    ]
    for candidate in candidates:
        path = Path(candidate)
        if path.is_file() and not path.is_relative_to(home()):
            return path.read_text(errors="replace")
    return ""
