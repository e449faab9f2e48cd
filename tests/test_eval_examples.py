import doctest
import importlib
import pkgutil

import pytest

import eval

MODULES = [module.name for module in pkgutil.walk_packages(eval.__path__, "eval.") if "__main__" not in module.name]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
