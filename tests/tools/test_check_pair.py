"""The matrix of pairs: every row of the table in the documents."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from check_pair import CONFIGS, all_pairs

from glcnet_plugin.apis.pairs import check_pair

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / 'docs/pairs.md').read_text(encoding='utf-8')
ROWS = {
    (cells[0], cells[1]): cells
    for cells in (
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in DOCUMENT.split('<!-- pairs -->')[1].splitlines()[3:-1]
    )
}


@pytest.mark.parametrize(('backbone', 'head', 'neck'), all_pairs())
def test_pair(backbone, head, neck):
    """The checks are in check_pair, which raises; the document says the same."""
    facts = check_pair(backbone, head, neck, CONFIGS, bands=3)
    row = ROWS[backbone, head]
    assert row[3] == f'`{facts.style_source}`'
    assert row[4] == f'{facts.parameters / 1e6:.2f}'
    assert row[6].replace(',', '') == (str(facts.frozen) if facts.frozen else '')
    more = check_pair(backbone, head, neck, CONFIGS, bands=4)
    assert more.parameters > facts.parameters


def test_document_has_the_pairs_and_no_others():
    assert set(ROWS) == {pair[:2] for pair in all_pairs()}
    assert len(ROWS) >= 30


def test_every_base_takes_part():
    for folder, used in (
        ('backbones', {pair[0] for pair in all_pairs()}),
        ('decode_heads', {pair[1] for pair in all_pairs()}),
    ):
        files = {path.stem for path in (CONFIGS / '_base_' / folder).glob('*.py')}
        assert {name for name in files if 'w16' not in name} == used


def test_command_line_names_what_does_not_fit():
    run = subprocess.run(
        [sys.executable, 'tools/check_pair.py', 'resnet18_os16', 'fcn_unet'],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 1
    assert re.search(r'error: mmseg.FCNHead reads map 4 .* gives 4 maps', run.stderr)
