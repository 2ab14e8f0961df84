"""What runs here: versions, CPUs, instruction sets."""

from __future__ import annotations

import platform

import numpy

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.version import __version__
from w2v_fast.training._inner import built_isas, choose_isa, supported_isas


def show_config() -> dict[str, str]:
    """Describe what decides the speed of training here.

    Returns
    -------
    dict of str
        - "w2v_fast", "python", "numpy": their versions.
        - "machine": the architecture of the processor.
        - "usable CPUs": how many this process may use, which is the default number of workers.
        - "instruction sets built", "instruction sets supported": variants of the kernel in this
          build, and those that the processor can run, with commas between them.
        - "instruction set in use": the variant that training uses by default.

    Raises
    ------
    ValueError
        W2V_FAST_ISA names an instruction set that is unknown or not supported.
    """
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
