"""pytest runs no cleanup that unittest has for a module."""

import unittest.case

import pytest


@pytest.fixture(scope="module", autouse=True)
def module_cleanups():
    yield
    unittest.case.doModuleCleanups()
