"""Check that links, files, make targets and classes named in the documents exist.

Also check that the tables match the metafiles.

Example:
    python tools/check_docs.py
"""

import re
import sys
from pathlib import Path

from doc_tables import outdated

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r'\]\((?!https?:|#|mailto:)([^)#\s]+)')
FOLDERS = 'configs|tools|demo|benchmarks|docs|tests'
NAMED = re.compile(rf'(?<![\w/.*-])(?<!\]\()((?:{FOLDERS})/[\w./-]+\.\w+)')
TARGET = re.compile(r'^\s*make ([a-z-]+)', re.MULTILINE)
REGISTERED = re.compile(r'glcnet_plugin\.([A-Z]\w+)')


def problems(text: str, folder: Path, root: Path) -> list[str]:
    """Names in a document that do not exist.

    Args:
        text: The document.
        folder: Its folder.
        root: Root of the repository.

    Returns:
        One line per problem.
    """
    missing = [f'link to {name}' for name in LINK.findall(text) if not (folder / name).exists()]
    missing += [f'file {name}' for name in NAMED.findall(text) if not (root / name).exists()]
    makefile = (root / 'Makefile').read_text(encoding='utf-8')
    missing += [
        f'make target {name}'
        for name in TARGET.findall(text)
        if not re.search(rf'^{name}:', makefile, re.MULTILINE)
    ]
    source = '\n'.join(
        p.read_text(encoding='utf-8') for p in (root / 'glcnet_plugin').rglob('*.py')
    )
    missing += [
        f'class {name}' for name in REGISTERED.findall(text) if f'class {name}' not in source
    ]
    return sorted(set(missing))


def main() -> None:
    """Check all Markdown files; exit with 1 if something is missing or outdated."""
    documents = [ROOT / 'README.md', ROOT / 'CHANGELOG.md', *sorted((ROOT / 'docs').rglob('*.md'))]
    bad = 0
    for path in documents:
        for line in problems(path.read_text(encoding='utf-8'), path.parent, ROOT):
            print(f'{path.relative_to(ROOT)}: no such {line}')
            bad += 1
    for path in outdated(ROOT):
        print(f'{path.relative_to(ROOT)}: outdated table; run tools/doc_tables.py')
        bad += 1
    print(f'{len(documents)} documents, {bad} problems')
    sys.exit(bool(bad))


if __name__ == '__main__':
    main()
