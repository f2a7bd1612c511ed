"""The sizes of virtual machines that the twin offers, in every region: a choice of those that are common.

A machine of the twin is a network namespace: its size decides what the API says, and nothing else.
Source: Azure, "Sizes for virtual machines", specifications of each series.
"""

from collections.abc import Mapping
from typing import NamedTuple

from twinspan.twin.azure.documents import Json, JsonObject


class Size(NamedTuple):
    """What a size has."""

    cores: int
    memory_mb: int
    interfaces: int


def _series(pattern: str, sizes: Mapping[int, int], *, memory_mb: int) -> dict[str, Size]:
    """Return sizes by name: cores -> network interfaces, and memory for each core."""
    return {
        pattern.format(cores): Size(cores, cores * memory_mb, interfaces)
        for cores, interfaces in sizes.items()
    }


_GB = 1024
_GENERAL = {2: 2, 4: 2, 8: 4, 16: 8}
SIZES: Mapping[str, Size] = {
    "Standard_A1_v2": Size(1, 2 * _GB, 2),
    "Standard_A2_v2": Size(2, 4 * _GB, 2),
    "Standard_B1ls": Size(1, _GB // 2, 2),
    "Standard_B1s": Size(1, _GB, 2),
    "Standard_B1ms": Size(1, 2 * _GB, 2),
    "Standard_B2s": Size(2, 4 * _GB, 3),
    "Standard_B2ms": Size(2, 8 * _GB, 3),
    "Standard_B4ms": Size(4, 16 * _GB, 4),
    "Standard_B2s_v2": Size(2, 8 * _GB, 2),
    "Standard_B2ls_v2": Size(2, 4 * _GB, 2),
    "Standard_B2as_v2": Size(2, 8 * _GB, 2),
    "Standard_B2ats_v2": Size(2, _GB, 2),
    "Standard_B2ts_v2": Size(2, _GB, 2),
    "Standard_B4as_v2": Size(4, 16 * _GB, 2),
    "Standard_DS1_v2": Size(1, 7 * _GB // 2, 2),
    "Standard_DS2_v2": Size(2, 7 * _GB, 2),
    "Standard_DS3_v2": Size(4, 14 * _GB, 4),
    "Standard_D1_v2": Size(1, 7 * _GB // 2, 2),
    "Standard_D2_v2": Size(2, 7 * _GB, 2),
    "Standard_D2_v3": Size(2, 8 * _GB, 2),
    **_series("Standard_D{}s_v3", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_D{}s_v4", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_D{}s_v5", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_D{}as_v5", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_D{}ads_v5", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_D{}ds_v5", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_D{}s_v6", _GENERAL, memory_mb=4 * _GB),
    **_series("Standard_E{}s_v3", _GENERAL, memory_mb=8 * _GB),
    **_series("Standard_E{}s_v5", _GENERAL, memory_mb=8 * _GB),
    "Standard_F2": Size(2, 4 * _GB, 2),
    **_series("Standard_F{}s_v2", _GENERAL, memory_mb=2 * _GB),
}
"""Name -> what it has."""
_OS_DISK_MB = 1023 * _GB
_DATA_DISKS_OF_A_CORE = 2


def find(name: str) -> Size | None:
    """Return a size by name, which Azure compares without case."""
    return next((size for known, size in SIZES.items() if known.lower() == name.lower()), None)


def listed() -> JsonObject:
    """Return the answer of `vmSizes`. Source: ARM, Virtual Machine Sizes - List."""
    return {
        "value": [
            {
                "name": name,
                "numberOfCores": size.cores,
                "osDiskSizeInMB": _OS_DISK_MB,
                "resourceDiskSizeInMB": 0,
                "memoryInMB": size.memory_mb,
                "maxDataDiskCount": size.cores * _DATA_DISKS_OF_A_CORE,
            }
            for name, size in SIZES.items()
        ]
    }


def capabilities(size: Size) -> Json:
    """Return what `skus` tells of a size. Source: ARM, ResourceSkuCapabilities."""
    values = {
        "vCPUs": str(size.cores),
        "MemoryGB": str(size.memory_mb / _GB),
        "MaxNetworkInterfaces": str(size.interfaces),
        "HyperVGenerations": "V1,V2",
        "CpuArchitectureType": "x64",
        "PremiumIO": "True",
    }
    return [{"name": name, "value": value} for name, value in values.items()]
