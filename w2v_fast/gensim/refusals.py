"""What is refused, with what to do instead: names that are not here, and gensim's pickles."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn


def refuse_names(module: str, advice: str) -> Callable[[str], NoReturn]:
    """The `__getattr__` of a module: an ImportError with advice, in which {name} is the name."""

    def refuse(name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise ImportError(f"{module} has no {name}: {advice.format(name=name)}")

    return refuse


def refuse_pickle(path: str | os.PathLike[str], kind: str) -> None:
    """Refuse a pickle of gensim's class `kind`: a ValueError with the lines that convert it."""
    if not os.path.isfile(path):
        return
    with open(path, "rb") as file:
        head = file.read(2)
    if len(head) < 2 or head[0] != 0x80 or not 2 <= head[1] <= 5:
        return
    name = os.fspath(path)
    raise ValueError(
        f"{name} is a pickle, which can run code and is never loaded here. In an environment that "
        f"has gensim and w2v_fast, convert it once, and load the result:\n"
        f"    import gensim.models, w2v_fast.gensim.models\n"
        f"    old = gensim.models.{kind}.load({name!r})\n"
        f"    w2v_fast.gensim.models.{kind}.from_gensim(old).save({name + '.w2v'!r})"
    )
