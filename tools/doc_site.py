"""Hooks of MkDocs: pages made from the code, and links between pages and files.

Documents link to files of the repository, so that they can be read there, too. On the site, a link
to a config, tool or README leads to the page that shows it; one to another file becomes text.
"""

import os
import re
from pathlib import Path
from typing import Any

from doc_classes import published_sets, registered
from doc_pages import pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r'(?<!!)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)')
IMAGE = re.compile(r'!\[([^\]]*)\]\(docs/([^)\s]+)\)')
CODE = re.compile(r'(?<![\[`\w])`(?:glcnet_plugin\.)?([A-Z]\w+)`(?![\]`])')
FENCE = re.compile(r'^( *```.*?^ *```)', re.MULTILINE | re.DOTALL)
ROLE = re.compile(r':(?:class|func|meth|mod|attr|data):<code>~?([^<]+)</code>')


def target(path: Path, root: Path = ROOT) -> str | None:
    """Page of the site that shows a file or folder.

    Args:
        path: Absolute path, as a link in a document gives it.
        root: Root of the repository.

    Returns:
        Path below ``docs``, with an anchor where the page shows several files; None if no page
        shows it.
    """
    if not path.is_relative_to(root):
        return None
    inside = path.relative_to(root).as_posix()
    if inside.startswith('docs/'):
        return inside.removeprefix('docs/').replace('.ipynb', '.md')
    fixed = {'README.md': 'index.md', 'CHANGELOG.md': 'changelog.md'}
    if inside in fixed:
        return fixed[inside]
    if inside.startswith(('configs/', 'benchmarks/studies/')):
        page = 'base_configs' if '_base_' in path.parts else 'configs'
        page = page if inside.startswith('configs/') else 'author_studies'
        anchor = path.stem if path.suffix else re.sub(r'[^\w-]', '', inside.lower())
        return f'reference/{page}.md#{anchor}'
    if inside.startswith(('tools/', 'demo/')) and path.suffix == '.py':
        return f'reference/tools.md#{re.sub(r"[^a-z0-9_-]", "", inside.lower())}'
    return None


def link_classes(text: str, page: str) -> str:
    """Text in which the names of registered classes lead to their keys.

    Args:
        text: Markdown.
        page: Its path below ``docs``.
    """
    places = {
        kind.name: 'reference/classes.md' for kinds in registered().values() for kind in kinds
    }
    for module, kinds in published_sets().items():
        places.update((kind.name, f'datasets/{module.name}.md') for kind in kinds)

    def link(match: re.Match[str]) -> str:
        place = places.get(match[1])
        if place is None or place == page:
            return match[0]
        where = os.path.relpath(place, Path(page).parent)
        return f'[{match[0]}]({where}#{match[1].lower()})'

    lines = (line if line.startswith('#') else CODE.sub(link, line) for line in text.split('\n'))
    return '\n'.join(lines)


def rewrite(text: str, page: str, root: Path = ROOT) -> str:
    """Markdown of a page with the links of the site.

    Args:
        text: Markdown as in the repository.
        page: Path of the page below ``docs``; ``index.md`` is the README.
        root: Root of the repository.
    """
    folder = root if page in ('index.md', 'changelog.md') else (root / 'docs' / page).parent

    def link(match: re.Match[str]) -> str:
        path = Path(os.path.normpath(folder / match[2]))
        place = target(path, root)
        if place is None:
            return match[1]
        own = Path(place.partition('#')[0])
        where = os.path.relpath(own, Path(page).parent) + place[len(str(own)) :]
        return f'[{match[1]}]({where}{match[3] or ""})'

    parts = FENCE.split(text)
    for index in range(0, len(parts), 2):
        part = LINK.sub(link, parts[index])
        if page == 'index.md':
            part = IMAGE.sub(r'![\1](\2)', part)
        parts[index] = link_classes(part, page)
    return ''.join(parts)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code; the README is the first page."""
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    front = '---\nhide: [navigation]\n---\n'  # the page has no others beside it
    files.append(File.generated(config, 'index.md', content=front + readme))
    for path, make in pages().items():
        files.append(File.generated(config, path, content=make()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links to files into links to pages."""
    return rewrite(markdown, page.file.src_uri)


def on_page_content(html: str, **_: Any) -> str:
    """Show roles of docstrings as code."""
    return ROLE.sub(r'<code>\1</code>', html)
