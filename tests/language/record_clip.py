"""Makes data/clip, what the reference implementation of CLIP says.

A tiny text transformer of random weights and a tokenizer of a few merges, in
files as the model hub has them, and reference.json: sentences, their tokens
and their embeddings. Needs transformers and PyTorch, which nothing else does:

  python tests/language/record_clip.py
"""

import importlib
import json
import pathlib
import shutil

FOLDER = pathlib.Path(__file__).parent / 'data' / 'clip'
SENTENCES = (
  'open the drawer',
  'move the crayon box into the top drawer',
  'move the crayon box into the bottom drawer',
  '  Put the TOY\tin the\n left bin ',
  "it's the robot's bin, isn't it? don't; we'll see they've I'm you're he'd",
  'raise the red flag 3 times, then 45% of 2.5 cm!',
  'ouvre le tiroir — doucement',
  'ÉCOLE cafe\u0301 naïve ½ x² ③ под 抽屉を開ける',
  "'s 'tis !'s 're<>|--- a_b snake_case",
  'drop \N{TEDDY BEAR}\N{PACKAGE} here',
)
MERGES = 100
SIZES = {
  'hidden_size': 24, 'intermediate_size': 48, 'projection_dim': 20,
  'num_hidden_layers': 2, 'num_attention_heads': 4,
  'max_position_embeddings': 80, 'hidden_act': 'quick_gelu',
}  # fmt: skip


def write_tokenizer() -> None:
  """vocab.json and merges.txt, learnt from the sentences."""
  tokenizers = importlib.import_module('tokenizers')
  alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
  learner = tokenizers.Tokenizer(
    tokenizers.models.BPE(end_of_word_suffix='</w>')
  )
  learner.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
    [
      tokenizers.pre_tokenizers.WhitespaceSplit(),
      tokenizers.pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
      ),
    ]
  )
  trainer = tokenizers.trainers.BpeTrainer(
    vocab_size=10_000,
    min_frequency=1,
    initial_alphabet=alphabet,
    end_of_word_suffix='</w>',
    show_progress=False,
  )
  learner.train_from_iterator([s.lower() for s in SENTENCES], trainer)
  merges = json.loads(learner.to_str())['model']['merges'][:MERGES]
  tokens = [*alphabet, *(letter + '</w>' for letter in alphabet)]
  tokens += [''.join(pair) for pair in merges]
  tokens += ['<|startoftext|>', '<|endoftext|>']
  vocabulary = {token: n for n, token in enumerate(dict.fromkeys(tokens))}
  (FOLDER / 'vocab.json').write_text(json.dumps(vocabulary) + '\n')
  lines = ['#version: 0.2', *(' '.join(pair) for pair in merges), '']
  (FOLDER / 'merges.txt').write_text('\n'.join(lines))


def write_model(tokenizer) -> None:
  """model.safetensors and config.json, of random weights."""
  torch = importlib.import_module('torch')
  transformers = importlib.import_module('transformers')
  torch.manual_seed(0)
  config = transformers.CLIPTextConfig(
    vocab_size=len(tokenizer),
    bos_token_id=tokenizer.bos_token_id,
    eos_token_id=tokenizer.eos_token_id,
    pad_token_id=tokenizer.eos_token_id,
    **SIZES,
  )
  model = transformers.CLIPTextModelWithProjection(config).eval()
  with torch.no_grad():
    for parameter in model.parameters():  # fresh ones are close to zero
      parameter.add_(torch.randn_like(parameter) * 0.2)
  model.save_pretrained(FOLDER)
  tokens = [tokenizer(sentence)['input_ids'] for sentence in SENTENCES]
  with torch.no_grad():
    embeddings = [
      model(input_ids=torch.tensor([row])).text_embeds[0].tolist()
      for row in tokens
    ]
  reference = {
    'versions': {'torch': torch.__version__, 'transformers': (
      transformers.__version__)},
    'sentences': SENTENCES, 'tokens': tokens, 'embeddings': embeddings,
  }  # fmt: skip
  text = json.dumps(reference, indent=1) + '\n'
  (FOLDER / 'reference.json').write_text(text)


def main() -> None:
  shutil.rmtree(FOLDER, ignore_errors=True)
  FOLDER.mkdir(parents=True)
  write_tokenizer()
  transformers = importlib.import_module('transformers')
  tokenizer = transformers.CLIPTokenizer.from_pretrained(FOLDER)
  write_model(tokenizer)


if __name__ == '__main__':
  main()
