"""The offline provider for hashicorp/aws, driven by Terraform against the twin's AWS API."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Clouds, Workspace
