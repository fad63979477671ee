"""sdd: scaling up robot experience, distilling it down to one policy."""

__version__ = '0.1.0'
