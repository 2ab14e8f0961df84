"""Every public name is documented: each parameter, and what is returned."""

import inspect

import pytest

import w2v_fast

numpydoc = pytest.importorskip("numpydoc.validate", reason="of the group `lint`")

CHECKS = {
    "GL08",  # no docstring
    "PR01",  # a parameter that is not documented
    "PR02",  # a documented parameter that does not exist
    "RT01",  # no Returns
    "RT03",  # Returns without a description
    "YD01",  # no Yields
}
DESCRIPTORS = (property, classmethod, staticmethod)


def public_names():
    for name in w2v_fast.__all__:
        thing = getattr(w2v_fast, name)
        if not callable(thing):
            continue
        yield f"w2v_fast.{name}"
        if inspect.isclass(thing):
            for member in dir(thing):
                value = inspect.getattr_static(thing, member)
                module = getattr(getattr(thing, member), "__module__", None) or "w2v_fast"
                documented = callable(value) or isinstance(value, DESCRIPTORS)
                if documented and module.startswith("w2v_fast") and not member.startswith("_"):
                    yield f"w2v_fast.{name}.{member}"


@pytest.mark.parametrize("name", sorted(set(public_names())))
def test_public_names_are_documented(name):
    found = [(code, text) for code, text in numpydoc.validate(name)["errors"] if code in CHECKS]
    assert found == []
