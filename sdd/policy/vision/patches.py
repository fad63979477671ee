"""Pictures as a coarser grid of longer pixels."""

from jaxtyping import Array, Float


def space_to_depth(
  x: Float[Array, 'B H W C'], size: int
) -> Float[Array, 'B h w F']:
  """Lays each patch of `size` x `size` pixels side by side as channels.

  Pixels beyond the last whole patch are left out, as many at the top as at
  the bottom, up to one.
  """
  batch, height, width, channels = x.shape
  rows, columns = height // size, width // size
  top, left = height % size // 2, width % size // 2
  x = x[:, top : top + rows * size, left : left + columns * size]
  x = x.reshape(batch, rows, size, columns, size, channels)
  x = x.transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(batch, rows, columns, size * size * channels)
