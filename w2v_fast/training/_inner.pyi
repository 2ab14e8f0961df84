import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.weights import Weights

class InnerLoop:
    def __init__(
        self,
        ids: NDArray[np.int32],
        weights: Weights,
        tables: LookupTables,
        config: TrainConfig,
        isa: str,
        loss_period: int = 1,
    ) -> None: ...
    def run(
        self, start: int, stop: int, lr: float, token_key: int, noise_key: int
    ) -> tuple[int, float, int]: ...
    @property
    def isa(self) -> str: ...
    @property
    def inputs_per_window(self) -> int: ...
    @property
    def token_flops(self) -> float: ...

def built_isas() -> list[str]: ...
def supported_isas() -> list[str]: ...
def choose_isa(isa: str | None = None) -> str: ...
