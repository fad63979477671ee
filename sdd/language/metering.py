"""What asking a language model costs, and where it has to stop."""

import dataclasses

from sdd import errors
from sdd.language import provider


class BudgetError(errors.SddError):
  """A limit on calls, tokens or money has been reached."""


@dataclasses.dataclass(frozen=True)
class Budget:
  """Limits, each None for no limit, and prices.

  A call is made as long as no limit has been reached, so that the last call
  may go beyond that of tokens or of money.

  Attributes:
    calls: of a live model.
    tokens: in and out together.
    money: in the currency of the prices.
    price_in: of a million tokens that go in.
    price_out: of a million tokens that come out, thoughts included.
  """

  calls: int | None = None
  tokens: int | None = None
  money: float | None = None
  price_in: float | None = None
  price_out: float | None = None

  def __post_init__(self) -> None:
    if self.money is not None and None in (self.price_in, self.price_out):
      raise errors.SddError(
        'A limit of money needs to know prices: pass --llm_price_in and '
        '--llm_price_out, both for a million tokens.'
      )


@dataclasses.dataclass
class Usage:
  """What has been asked so far; prints as one line.

  Attributes:
    calls: answers of a live model.
    replayed: answers out of records.
    tokens_in: tokens of the prompts of the calls.
    tokens_out: tokens of their answers.
    uncounted: calls whose server did not say how many tokens there were.
    seconds: how long the calls took.
  """

  calls: int = 0
  replayed: int = 0
  tokens_in: int = 0
  tokens_out: int = 0
  uncounted: int = 0
  seconds: float = 0.0

  def add(self, completion: provider.Completion) -> None:
    """Counts an answer of a live model."""
    self.calls += 1
    self.tokens_in += completion.tokens_in or 0
    self.tokens_out += completion.tokens_out or 0
    self.uncounted += None in (completion.tokens_in, completion.tokens_out)
    self.seconds += completion.seconds

  def money(self, budget: Budget) -> float | None:
    """What the calls cost; None without prices."""
    if budget.price_in is None or budget.price_out is None:
      return None
    spent = self.tokens_in * budget.price_in
    return (spent + self.tokens_out * budget.price_out) / 1e6

  def require_room(self, budget: Budget) -> None:
    """Raises BudgetError if another call would exceed the budget."""
    spent, tokens = self.money(budget), self.tokens_in + self.tokens_out
    limits = {
      '--llm_max_calls': (self.calls, budget.calls),
      '--llm_max_tokens': (tokens, budget.tokens),
      '--llm_max_money': (spent, budget.money),
    }
    for flag, (used, limit) in limits.items():
      if limit is None or used is None:
        continue
      if flag != '--llm_max_calls' and self.uncounted:
        raise BudgetError(
          f'{flag}={limit} cannot be kept: the server does not say how many '
          'tokens it used. Limit the calls instead, with --llm_max_calls.'
        )
      if used >= limit:
        raise BudgetError(
          f'The limit {flag}={limit} has been reached. {self.line(budget)} '
          'What was answered is kept in the records, if there are any; raise '
          'the limit to go on.'
        )

  def line(self, budget: Budget) -> str:
    """All of it in a sentence or two."""
    if not self.calls:
      return f'Language model: {_many(self.replayed, "answer")} from records.'
    parts = [
      _many(self.calls, 'call'),
      f'{self.tokens_in:,} tokens in',
      f'{self.tokens_out:,} out',
      f'{self.seconds:.1f} s',
    ]
    spent = self.money(budget)
    if spent is not None:
      parts.append(f'a price of {spent:.4f}')
    if self.replayed:
      parts.append(f'{_many(self.replayed, "answer")} from records')
    note = ''
    if self.uncounted:
      note = f' Tokens are those of {self.calls - self.uncounted} calls.'
    return f'Language model: {", ".join(parts)}.{note}'


def _many(count: int, word: str) -> str:
  return f'{count} {word}' if count == 1 else f'{count} {word}s'
