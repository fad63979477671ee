"""The flags that say who infers task trees, shared by several programs."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import Any, cast

from absl import flags
from etils import epy

from experiments import urls

with epy.lazy_imports():
  from sdd.collection import session
  from sdd.language import conversation, metering, registry, task_tree
  from sdd.scenes import scene as scene_lib

LLM = flags.DEFINE_string(
  'llm', 'recorded',
  'who infers task trees: recorded; gemini:MODEL, generativeai:MODEL or '
  'openai:MODEL, with the extra of that name and a key; paste, by hand at '
  'the terminal, or paste:FOLDER',
)  # fmt: skip
_URL = flags.DEFINE_string(
  'llm_url', None,
  "the language model's server, e.g. of vLLM, Ollama or LM Studio for openai",
)  # fmt: skip
urls.accept('llm_url', 'http', 'https')
_TIMEOUT = flags.DEFINE_float(
  'llm_timeout', 120.0, 'seconds it has for an answer', lower_bound=0.1
)
_TEMPERATURE = flags.DEFINE_float(
  'llm_temperature', None, 'of its sampling; by default it decides itself',
  lower_bound=0.0,
)  # fmt: skip
_SAMPLE = flags.DEFINE_integer(
  'llm_sample', 0, 'which of several trees of a sentence', lower_bound=0
)
_DEPTH = flags.DEFINE_integer(
  'llm_max_depth', 4, 'levels of a task tree',
  lower_bound=1, upper_bound=16,
)  # fmt: skip
_CALLS = flags.DEFINE_integer(
  'llm_max_calls', 2000, 'calls of the language model', lower_bound=0
)
_TOKENS = flags.DEFINE_integer(
  'llm_max_tokens', None, 'its tokens, in and out', lower_bound=0
)
_MONEY = flags.DEFINE_float(
  'llm_max_money', None, 'its cost, with --llm_price_in and --llm_price_out',
  lower_bound=0.0,
)  # fmt: skip
_PRICE_IN = flags.DEFINE_float(
  'llm_price_in', None, 'of a million tokens that go in', lower_bound=0.0
)
_PRICE_OUT = flags.DEFINE_float(
  'llm_price_out', None, 'of a million tokens that come out', lower_bound=0.0
)
_RECORDS = flags.DEFINE_string(
  'records', None,
  'a folder where its answers are kept and looked for; or one file of '
  'answers written by hand',
)  # fmt: skip
_MODE = flags.DEFINE_enum(
  'record_mode', 'auto', ['replay', 'auto', 'record', 'live'],
  'replay: records only; auto: ask for what is missing and record it; '
  'record: ask for everything and record it; live: without records',
)  # fmt: skip


def provider(
  kept: pathlib.Path | str | None = None,
  *,
  records: pathlib.Path | str | None = None,
) -> conversation.Conversation:
  """Who answers, as the flags say.

  Args:
    kept: a folder of records that are looked at too.
    records: where answers are kept and looked for without --records.

  Raises:
    errors.SddError: the flags do not go together.
  """
  return registry.make_provider(
    LLM.value,
    url=_URL.value,
    timeout=_TIMEOUT.value,
    temperature=_TEMPERATURE.value,
    records=_RECORDS.value or records,
    kept=kept,
    mode=cast(conversation.Mode, _MODE.value),
    budget=metering.Budget(
      calls=_CALLS.value,
      tokens=_TOKENS.value,
      money=_MONEY.value,
      price_in=_PRICE_IN.value,
      price_out=_PRICE_OUT.value,
    ),
  )


def trees(
  scene: scene_lib.Scene, provider: conversation.Conversation
) -> Callable[[str], task_tree.TaskTree]:
  """Infers the task tree of a sentence, once a sentence.

  Says on stderr what it has come to so far, where a live model was asked.
  """
  infer = session.trees(
    scene, provider, depth=_DEPTH.value, sample=_SAMPLE.value
  )

  def told(task: str) -> task_tree.TaskTree:
    before = provider.usage.calls
    try:
      return infer(task)
    finally:
      if provider.usage.calls > before:
        print(provider.report(), file=sys.stderr)

  return told


def settings() -> dict[str, Any]:
  """What was asked of it, to be kept with what came of it."""
  found: dict[str, Any] = {'llm': LLM.value}
  if _SAMPLE.value:
    found['llm_sample'] = _SAMPLE.value
  return found
