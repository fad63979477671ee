"""Rows of a file that is larger than memory, read a few at a time."""

import mmap
import pathlib
from typing import Any, Protocol

import numpy as np
from jaxtyping import Int


class Rows(Protocol):
  """What rows are had from: an array, or what stands for one."""

  @property
  def shape(self) -> tuple[int, ...]: ...

  @property
  def dtype(self) -> np.dtype[Any]: ...

  def __len__(self) -> int: ...

  def __getitem__(self, rows: Int[np.ndarray, ' n'], /) -> np.ndarray: ...


class RowsOnDisk:
  """An array in a `.npy` file, of which any rows can be had, in any order.

  The file is mapped into memory, so the system keeps what fits and several
  processes share it. What a batch wants is asked for at once and only then
  copied. Left to itself, the system reads megabytes around every row: far
  more than was wanted, at the price of rows that would have been wanted soon.

  Raises:
    OSError or ValueError: the file cannot be read, or is empty.
  """

  def __init__(self, path: pathlib.Path | str):
    self._rows = np.load(path, mmap_mode='r')
    mapped = self._rows.base
    assert isinstance(mapped, mmap.mmap)
    self._mapped = mapped
    self._mapped.madvise(mmap.MADV_RANDOM)

  @property
  def shape(self) -> tuple[int, ...]:
    return self._rows.shape

  @property
  def dtype(self) -> np.dtype[Any]:
    return self._rows.dtype

  def __len__(self) -> int:
    return len(self._rows)

  def __getitem__(self, rows: Int[np.ndarray, ' n']) -> np.ndarray:
    """A copy of these rows. Raises IndexError if there is no such row."""
    rows = np.asarray(rows)
    size = self._rows[0].nbytes
    for row in np.unique(rows % len(self)):
      start = self._rows.offset + int(row) * size
      page = start - start % mmap.PAGESIZE
      self._mapped.madvise(mmap.MADV_WILLNEED, page, start + size - page)
    return np.asarray(self._rows[rows])

  def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
    return np.array(self._rows, dtype)
