"""What a TPU pod of two workers needs to be played on this machine.

`GCLOUD` keeps its state in the folder CLOUD: `state`, `calls`, a home for each
worker, and buckets. Where there is a file `preempt`, it takes the TPU away as
soon as something is kept in a bucket and the log was looked at. Where there is
one `full`, no TPU is left at first.
"""

import sys

GCLOUD = """
import contextlib, json, os, pathlib, shutil, signal, subprocess, sys

cloud = pathlib.Path(os.environ['CLOUD'])
state, words = cloud / 'state', sys.argv[1:]
with open(cloud / 'calls', 'a') as file:
  print(json.dumps(words), file=file)


def fail(message, status=1):
  print(message, file=sys.stderr)
  sys.exit(status)


def flag(name):
  found = [w for w in words if w.startswith('--' + name + '=')]
  return found[0].partition('=')[2] if found else None


def homes():
  return sorted(cloud.glob('worker-*'))


def take_away():
  for home in homes():
    pid = home / 'sdd' / '.launch' / 'pid'
    if pid.exists():
      with contextlib.suppress(ProcessLookupError):
        os.killpg(int(pid.read_text()), signal.SIGKILL)
    while home.exists():  # what was killed may take a moment to be gone
      shutil.rmtree(home, ignore_errors=True)


def local(path):
  return cloud / 'buckets' / path[5:] if path.startswith('gs://') else path


def storage(verb, *paths):
  paths = [path for path in paths if not path.startswith('--')]
  source, target = pathlib.Path(local(paths[0])), local(paths[-1])
  if verb == 'ls':
    sys.exit(not source.exists())
  elif verb == 'rm':
    source.unlink()
  elif verb == 'rsync':
    shutil.copytree(source, target, dirs_exist_ok=True)
  elif paths[-1] == '-':
    sys.stdout.buffer.write(source.read_bytes())
  else:
    content = sys.stdin.buffer.read()
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix('.new')
    new.write_bytes(content)
    new.rename(target)


def describe(kind):
  if not state.exists():
    fail('ERROR: NOT_FOUND: Resource was not found')
  found = state.read_text()
  print(found)
  if found == 'WAITING_FOR_RESOURCES':
    state.write_text('PROVISIONING')
  elif found == 'PROVISIONING':
    make('ACTIVE')


def make(found):
  for worker in range(2):
    (cloud / f'worker-{worker}').mkdir()
  state.write_text(found)


def create(kind):
  if state.exists():
    fail('ERROR: ALREADY_EXISTS')
  if (cloud / 'full').exists():
    (cloud / 'full').unlink()
    fail('ERROR: There is no more capacity in the zone')
  if kind == 'tpu-vm':
    make('READY')
  else:
    state.write_text('WAITING_FOR_RESOURCES')


def delete(kind):
  take_away()
  state.unlink()


def reach():
  kept = list((cloud / 'buckets').rglob('.resume.tar'))
  seen = (cloud / 'seen').exists()
  if (cloud / 'preempt').exists() and kept and seen:
    state.write_text('PREEMPTED')
    take_away()
    (cloud / 'preempt').unlink()
  if not state.exists() or state.read_text() not in ('READY', 'ACTIVE'):
    fail('ssh: connect to host: Connection refused', 255)
  worker = flag('worker')
  return [h for h in homes() if worker in ('all', h.name.split('-')[1])]


def scp(kind):
  source, (name, _, target) = words[4], words[5].partition(':')
  for home in reach():
    shutil.copy(source, home / target)


def ssh(kind):
  for home in reach():
    log = home / 'sdd' / '.launch' / 'log'
    spoken = log.exists() and log.stat().st_size > 0
    ran = subprocess.run(
      ['bash', '-c', flag('command')], cwd=home,
      env={
        **os.environ, 'HOME': str(home),
        'TPU_WORKER_ID': home.name.split('-')[1],
      },
    )
    if ran.returncode:
      sys.exit(ran.returncode)
    if ' look ' in flag('command') and spoken:
      (cloud / 'seen').touch()


if words[0] == 'storage':
  storage(*words[1:])
else:
  assert words[:2] == ['compute', 'tpus'], words
  globals()[words[3]](words[2])
"""

# A Python that is real, but for what it runs.
_PYTHON = f"""#!{sys.executable} -IS
import os, sys
if sys.argv[1] == '-m':
  os.execv({sys.executable!r}, [{sys.executable!r}, '-IS', os.environ['PLAYED'],
    *sys.argv[2:]])
os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])
"""

UV = f"""
import os, pathlib, sys
with open(os.path.join(os.environ['CLOUD'], 'installed'), 'a') as file:
  print(*sys.argv[1:], file=file)
if sys.argv[1:3] == ['python', 'find']:
  print({sys.executable!r})
elif sys.argv[1] == 'venv':
  venv = pathlib.Path(sys.argv[-1])
  (venv / 'bin').mkdir(parents=True)
  (venv / 'pyvenv.cfg').touch()
  (venv / 'bin' / 'python').write_text({_PYTHON!r})
  (venv / 'bin' / 'python').chmod(0o755)
"""

# A training: it counts to twelve, from where it was. At five it waits to be
# taken away, or as long as there is a file `hold`.
PROGRAM = """
import os, pathlib, sys, time
told = dict(word[2:].partition('=')[::2] for word in sys.argv[2:])
worker = os.environ['TPU_WORKER_ID']
if 'fail' in told:
  print('worker', worker, 'gives up')
  sys.exit(3)
folder = pathlib.Path(told.get('workdir') or told['out'])
step = folder / 'step'
if 'data' in told:
  data = pathlib.Path(told['data'], 'episodes').read_text()
  print(sys.argv[1], 'reads', data, *('distributed' in told and ['with all']))
done = int(step.read_text()) if step.exists() else 0
print('goes on from', done, flush=True)
cloud = pathlib.Path(os.environ['CLOUD'])
for now in range(done + 1, 13):
  while now == 6 and any((cloud / why).exists() for why in ('preempt', 'hold')):
    time.sleep(0.1)
  time.sleep(float(os.environ.get('PACE', '0.25')))
  if worker == '0':
    folder.mkdir(parents=True, exist_ok=True)
    step.with_suffix('.new').write_text(str(now))
    step.with_suffix('.new').rename(step)
  print('step', now, flush=True)
"""
