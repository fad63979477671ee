"""A page as a browser would read it."""

import html.parser

_VOID = {'meta', 'img', 'br', 'link', 'input', 'hr'}


class Page(html.parser.HTMLParser):
  """Checks that tags nest, and keeps what is on the page."""

  def __init__(self, text: str):
    super().__init__()
    self.open: list[str] = []
    self.tags: list[tuple[str, dict[str, str | None]]] = []
    self.text = self.script = ''
    self.feed(text)
    self.close()
    assert not self.open

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))
    if tag not in _VOID:
      self.open.append(tag)

  def handle_startendtag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))

  def handle_endtag(self, tag):
    assert self.open.pop() == tag

  def handle_data(self, data):
    if self.open[-1:] == ['script']:
      self.script += data
    elif self.open[-1:] != ['style']:
      self.text += data

  def attributes(self, tag: str, name: str) -> list[str]:
    return [attrs[name] or '' for found, attrs in self.tags if found == tag]
