"""Everything we depend on can be imported, together.

Some packages agree on versions as far as an installer can see, and yet fail
at import: google-generativeai beside tensorflow-datasets, when
tensorflow-metadata is too new, is the known case. Only this finds out.
"""

import os
import re
import subprocess
import sys
import tomllib

import checkout

MODULES = {
  'absl-py': 'absl.app',
  'array-record': 'array_record.python.array_record_module',
  'chex': 'chex',
  'etils': 'etils.epath',
  'flax': 'flax.linen',
  'google-genai': 'google.genai',
  'google-generativeai': 'google.generativeai',
  'imageio-ffmpeg': 'imageio_ffmpeg',
  'jax': 'jax',
  'jaxtyping': 'jaxtyping',
  'jinja2': 'jinja2',
  'matplotlib': 'matplotlib.pyplot',
  'ml-collections': 'ml_collections.config_flags',
  'mujoco': 'mujoco',
  'mujoco-mjx': 'mujoco.mjx',
  'numpy': 'numpy',
  'ompl': 'ompl.geometric',
  'openai': 'openai',
  'optax': 'optax',
  'orbax-checkpoint': 'orbax.checkpoint',
  'pebble': 'pebble',
  'pillow': 'PIL.Image',
  'pyyaml': 'yaml',
  'rich': 'rich.progress',
  'tensorboardX': 'tensorboardX',
  'tensorflow-datasets': 'tensorflow_datasets',
  'tensorflow-metadata': 'tensorflow_metadata.proto.v0.statistics_pb2',
}


def declared():
  """Names of the distributions that a user can be asked to install."""
  project = tomllib.loads((checkout.ROOT / 'pyproject.toml').read_text())[
    'project'
  ]
  extras = project['optional-dependencies']
  for requirement in [
    *project['dependencies'],
    *extras['gemini'],
    *extras['generativeai'],
    *extras['openai'],
  ]:
    name = re.match(r'[\w.-]+', requirement)
    assert name, requirement
    yield name[0]


def test_the_list_of_modules_is_complete():
  assert set(declared()) == set(MODULES)


def test_all_dependencies_import_in_one_process():
  code = '; '.join(f'import {module}' for module in MODULES.values())
  ran = subprocess.run(
    [sys.executable, '-c', code],
    env={**os.environ, 'MPLBACKEND': 'agg'},
    capture_output=True,
    text=True,
  )
  assert ran.returncode == 0, ran.stderr
