"""Run the commands of documents, on generated data and with tiny settings, and check their output.

The ``bash`` blocks of a document are run in order, in one empty folder that shows the tools,
configs and demo of this repository. A block ``python title="FILE"`` is written to that file. A
block ``text title="prints"`` lists lines that the commands before it print, in their order; ``...``
stands for anything. ``<!-- doc-test: skip (REASON) -->`` before a block leaves it out.

Example:
    python tools/doc_commands.py docs/start/scenes.md docs/tutorials/*.md
    python tools/doc_commands.py docs/start/scenes.md --list
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ('benchmarks', 'configs', 'demo', 'tools')
BLOCK = re.compile(
    r'(?P<mark><!-- doc-test: skip \((?P<reason>[^)]+)\) -->\n+)?'
    r'^```(?P<language>bash|python|text)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```',
    re.MULTILINE | re.DOTALL,
)
STEPS = 'train_cfg.max_iters=2 param_scheduler=None train_dataloader.batch_size=2'
EPOCHS = 'train_cfg.max_epochs=1 train_dataloader.batch_size=2 train_dataloader.dataset.indices=4'
STUDY = (
    """"only=['imagenet','glcnet']" "labels=['4']" "seeds=[0,1]" pretrain_steps=60 """
    'methods.glcnet.options.train_dataloader.batch_size=2'
)
VIEWS = 'train_dataloader.num_workers=0 train_dataloader.persistent_workers=False'
# what makes the commands of the documents small: a pattern of the command, and its replacement
SMALL = (
    (r'(make_scenes\.py \S+)', r'\1 --size 512'),
    (r'(make_geotiffs\.py \S+)', r'\1 --size 448'),
    (r'(tools/(?:dist_)?train\.\w+ \S+\d+i_[^/\s]+.*)', rf'\1 --cfg-options {STEPS} {VIEWS}'),
    (r'(tools/(?:dist_)?train\.\w+ \S+\d+e_[^/\s]+.*)', rf'\1 --cfg-options {EPOCHS} {VIEWS}'),
    (r'(tools/benchmark\.py .*)', rf'\1 --cfg-options {STUDY}'),
    (r'(?<=/)iter_(300|500|1000)\.pth', 'iter_2.pth'),
    (r'(?<=/)epoch_(60|100|150)\.pth', 'epoch_1.pth'),
)


class DocumentError(Exception):
    """A command that failed or did not print what the document says."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a document.

    Args:
        language: 'bash', 'python' or 'text'.
        title: Title of the block, or None.
        text: Its lines.
        reason: Why it is not run; None if it is.
    """

    language: str
    title: str | None
    text: str
    reason: str | None


def blocks(document: str) -> Iterator[Block]:
    """Blocks that the doc test runs, writes or compares, in order."""
    for match in BLOCK.finditer(document):
        block = Block(match['language'], match['title'], match['text'], match['reason'])
        if block.language == 'bash' or block.title is not None:
            yield block


def commands(script: str) -> list[str]:
    """Commands of a block, with continued lines joined and without comments."""
    lines = re.sub(r'\\\n\s*', '', script).splitlines()
    stripped = (re.sub(r'(^|\s+)#\s.*$', '', line).strip() for line in lines)
    return [line for line in stripped if line]


def small(command: str) -> str:
    """The command with tiny settings; options of ``--cfg-options`` are joined into one list."""
    for pattern, replacement in SMALL:
        command = re.sub(pattern, replacement, command)
    first, *further = command.split(' --cfg-options ')
    if len(further) < 2:
        return command
    # argparse keeps the last list alone
    options, rest = [], []
    for part in further:
        words = part.split(' --', 1)
        options.append(words[0])
        rest += [f'--{word}' for word in words[1:]]
    return ' '.join([first, *rest, '--cfg-options', *options])


def missing_line(printed: str, expected: str) -> str | None:
    """The first expected line that was not printed after those before it; None if all were."""
    words = ' '.join(printed.split())
    place = 0
    for line in filter(None, (' '.join(line.split()) for line in expected.splitlines())):
        pattern = '.*?'.join(re.escape(part) for part in line.split('...'))
        found = re.compile(pattern, re.DOTALL).search(words, place)
        if found is None:
            return line
        place = found.end()
    return None


def run(command: str, folder: Path) -> str:
    """Run a command with tiny settings.

    Args:
        command: As in the document.
        folder: Where to run it.

    Returns:
        What it printed.

    Raises:
        DocumentError: If it fails.
    """
    bin_folder = Path(sys.executable).parent
    environment = {
        **os.environ,
        'PATH': f'{bin_folder}{os.pathsep}{os.environ["PATH"]}',
        'OMP_NUM_THREADS': '1',
        'CUDA_VISIBLE_DEVICES': '-1',
        'COLUMNS': '200',
    }
    done = subprocess.run(
        ['bash', '-o', 'pipefail', '-c', small(command)], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise DocumentError(
            f'{small(command)}\nended with {done.returncode}:\n{done.stdout[-3000:]}'
        )
    return done.stdout


def run_document(path: Path, folder: Path) -> list[tuple[str, float]]:
    """Run all commands of a document.

    Args:
        path: The document.
        folder: Empty folder to run them in.

    Returns:
        Each command with its seconds.

    Raises:
        DocumentError: If one fails, does not print what the document says, or a file would be
            written into this repository.
    """
    for name in SHOWN:
        (folder / name).symlink_to(ROOT / name)
    times, printed = [], ''
    for block in blocks(path.read_text(encoding='utf-8')):
        if block.reason is not None:
            continue
        if block.language == 'python' and block.title is not None:
            target = (folder / block.title).resolve()
            if not target.is_relative_to(folder.resolve()):  # the folders shown are the real ones
                raise DocumentError(f'{path}: {block.title} would be written outside its folder')
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding='utf-8')
        elif block.title == 'prints' and (line := missing_line(printed, block.text)) is not None:
            raise DocumentError(
                f'{path}: nothing like\n  {line}\nin the output:\n{printed[-3000:]}'
            )
        elif block.language == 'bash':
            printed = ''
            for command in commands(block.text):
                start = time.monotonic()
                printed += run(command, folder)
                times.append((command, time.monotonic() - start))
                print(f'{times[-1][1]:6.1f} s  {command}', flush=True)
    return times


def main(argv: Sequence[str] | None = None) -> int:
    """Run the documents.

    Returns:
        1 if one of them is wrong, else 0.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('documents', nargs='+', type=Path)
    parser.add_argument('--list', action='store_true', help='only list the commands')
    args = parser.parse_args(argv)
    bad = 0
    total = 0.0
    for path in args.documents:
        print(path, flush=True)
        if args.list:
            for block in blocks(path.read_text(encoding='utf-8')):
                if block.language == 'bash':
                    note = '' if block.reason is None else f'   (not run: {block.reason})'
                    print(*(f'  {line}{note}' for line in commands(block.text)), sep='\n')
            continue
        with tempfile.TemporaryDirectory() as name:
            try:
                total += sum(seconds for _, seconds in run_document(path, Path(name)))
            except DocumentError as error:
                print(f'error: {error}')
                bad += 1
    if not args.list:
        print(f'{len(args.documents)} documents, {bad} wrong, {total / 60:.1f} minutes')
    return int(bool(bad))


if __name__ == '__main__':
    sys.exit(main())
