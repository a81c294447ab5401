"""Write the tables of methods and pretraining configs into the documents, from the metafiles.

A table is placed between ``<!-- table: methods -->`` or ``<!-- table: configs -->`` and
``<!-- end -->``.

Example:
    python tools/doc_tables.py            # write
    python tools/doc_tables.py --check    # exit with 1 if a table is not up to date
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
MARKED = re.compile(r'(<!-- table: (\w+) -->\n).*?(<!-- end -->)', re.DOTALL)


def read_index(root: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Collections and models of all metafiles that ``model-index.yml`` imports.

    Args:
        root: Root of the repository.

    Returns:
        Collections and models, in the order of the files.
    """
    index = yaml.safe_load((root / 'model-index.yml').read_text(encoding='utf-8'))
    files = [yaml.safe_load((root / f).read_text(encoding='utf-8')) for f in index['Import']]
    return (
        [collection for content in files for collection in content['Collections']],
        [model for content in files for model in content['Models']],
    )


def methods_table(root: Path, folder: Path) -> list[str]:
    """Lines of the table of methods.

    Args:
        root: Root of the repository.
        folder: Folder of the document, to which the links are relative.

    Returns:
        Lines of Markdown.
    """
    collections, models = read_index(root)
    lines = ['| method | paper | configs |', '|---|---|---|']
    for collection in collections:
        own = [model for model in models if model['In Collection'] == collection['Name']]
        (place,) = {(root / model['Config']).parent for model in own}
        paper = collection.get('Paper')
        if paper is None:  # not published: described in our documents
            paper = {'Title': 'beyond the paper', 'URL': link(root / collection['README'], folder)}
        lines.append(
            f'| {collection["Name"]} | [{paper["Title"]}]({paper["URL"]}) '
            f'| [{len(own)}]({link(place, folder)}) |'
        )
    return lines


def configs_table(root: Path, folder: Path) -> list[str]:
    """Lines of the table of pretraining configs, grouped by method.

    Args:
        root: Root of the repository.
        folder: Folder of the document, to which the links are relative.

    Returns:
        Lines of Markdown.
    """
    collections, models = read_index(root)
    lines = ['| method | config | length | batch | results |', '|---|---|---|---|---|']
    for collection in collections:
        for model in models:
            if model['In Collection'] != collection['Name']:
                continue
            name = f'[{model["Name"]}]({link(root / model["Config"], folder)})'
            data = model['Metadata']
            length = next(f'{data[k]} {k.lower()}' for k in ('Epochs', 'Iterations') if k in data)
            cells = (collection['Name'], name, length, data['Batch Size'], results(model))
            lines.append('| ' + ' | '.join(map(str, cells)) + ' |')
    return lines


TABLES = {'methods': methods_table, 'configs': configs_table}


def results(model: dict[str, Any]) -> str:
    """Results of a model in a cell: ``Dataset: metric value, ...``; ``-`` without any."""
    cells = [
        f'{result["Dataset"]}: ' + ', '.join(f'{k} {v}' for k, v in result['Metrics'].items())
        for result in model.get('Results') or []
    ]
    return '; '.join(cells) or '-'


def link(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with ``/``."""
    return Path(os.path.relpath(path, folder)).as_posix()


def render(text: str, root: Path, folder: Path) -> str:
    """A document with its tables updated.

    Args:
        text: The document.
        root: Root of the repository.
        folder: Folder of the document.

    Returns:
        The document; the same text if it has no marker or is up to date.

    Raises:
        SystemExit: If a marker names an unknown table.
    """

    def table(match: re.Match[str]) -> str:
        if match[2] not in TABLES:
            sys.exit(f'error: no table {match[2]}; there are {", ".join(TABLES)}')
        return match[1] + '\n'.join(TABLES[match[2]](root, folder)) + '\n' + match[3]

    return MARKED.sub(table, text)


def outdated(root: Path) -> dict[Path, str]:
    """README and documents whose tables are not up to date, with the text they should have."""
    texts = {
        path: path.read_text(encoding='utf-8')
        for path in (root / 'README.md', *sorted((root / 'docs').rglob('*.md')))
    }
    new = {path: render(text, root, path.parent) for path, text in texts.items()}
    return {path: new[path] for path, text in texts.items() if new[path] != text}


def main() -> None:
    """Write the tables, or check them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--check', action='store_true', help='write nothing, only compare')
    check = parser.parse_args().check
    texts = outdated(ROOT)
    for path, text in texts.items():
        print(f'{path.relative_to(ROOT)}: ' + ('outdated' if check else 'written'))
        if not check:
            path.write_text(text, encoding='utf-8')
    sys.exit(check and bool(texts))


if __name__ == '__main__':
    main()
