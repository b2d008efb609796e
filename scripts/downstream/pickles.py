"""Pickles of plain data, read without running what an unknown pickle may name."""

import pickle
from pathlib import Path

import numpy as np

from scripts.lib.jobs.errors import UserError

# What rebuilds an array of numbers; NumPy 2 has renamed its modules. Lists, texts and numbers need no function.
_ARRAYS = {
    "_reconstruct": np._core.multiarray._reconstruct,
    "scalar": np._core.multiarray.scalar,
    "ndarray": np.ndarray,
    "dtype": np.dtype,
}
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")


class _Plain(pickle.Unpickler):
    """Finds no class and no function but those of arrays."""

    def find_class(self, module: str, name: str):
        if module in _MODULES and name in _ARRAYS:
            return _ARRAYS[name]
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not plain data")


def _latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes for Python 2."""
    return text.encode("latin1")


def read_plain_pickle(path: str | Path):
    """Content of a pickle that has lists, dictionaries, texts, numbers and arrays only; Python 2's too.

    Raises:
        UserError: it cannot be read, or names anything else, which is not called.
    """
    try:
        with open(path, "rb") as stream:
            return _Plain(stream, encoding="latin1").load()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:
        # A damaged pickle raises many types of exception.
        raise UserError(
            f"{path} is refused: {error or type(error).__name__}. Only a pickle of lists, dictionaries, texts, numbers "
            "and arrays of numbers is read; write its content as a CSV otherwise (docs/downstream.md, format: table)"
        ) from error
