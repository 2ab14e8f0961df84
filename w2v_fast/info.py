"""What runs here: versions, CPUs, instruction sets."""

from __future__ import annotations

import platform

import numpy

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.version import __version__
from w2v_fast.training._inner import built_isas, choose_isa, supported_isas


def show_config() -> dict[str, str]:
    """The facts that decide speed: the version, the machine, and the instruction set that training would use."""
    return {
        "w2v_fast": __version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "machine": platform.machine(),
        "usable CPUs": str(usable_cpus()),
        "instruction sets built": ", ".join(built_isas()),
        "instruction sets supported": ", ".join(supported_isas()),
        "instruction set in use": choose_isa(),
    }
