"""TrainConfig: its documentation and the typed options follow from the declarations."""

import dataclasses
import re
import typing

from w2v_fast.config import TrainConfig, TrainOptions
from w2v_fast.engines import train


def test_the_options_of_train_are_the_fields_of_the_config():
    assert typing.get_type_hints(TrainOptions) == typing.get_type_hints(TrainConfig)
    assert not TrainOptions.__required_keys__


def test_the_docstring_has_every_parameter():
    lines = [line.strip() for line in TrainConfig.__doc__.splitlines()]
    described = [line.split(" : ")[0] for line in lines if " : " in line and ", default " in line]
    assert described == [field.name for field in dataclasses.fields(TrainConfig)]
    assert "vector_size : int, default 100" in lines
    assert "Dimensions of a vector. Range: 1 to 65536." in lines
    assert "objective : {'ns', 'nce', 'hs', 'softmax'}, default 'ns'" in lines
    assert max(map(len, TrainConfig.__doc__.splitlines())) <= 100


def test_train_describes_every_option():
    _, _, text = train.__doc__.partition("**options\n")
    options, _, _ = text.partition("Returns\n")
    described = re.findall(r"^ {4}(\w+) : ", options, re.MULTILINE)
    assert described == [field.name for field in dataclasses.fields(TrainConfig)]
