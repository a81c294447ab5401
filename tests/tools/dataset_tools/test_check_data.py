import json

import check_data
import numpy as np
import pytest

from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.errors import ConfigError


@pytest.fixture
def main(monkeypatch):
    """Run the tool with these arguments."""

    def run(arguments):
        monkeypatch.setattr('sys.argv', ['tool', *arguments])
        return check_data.main()

    return run


@pytest.fixture
def folder(labelled_folder):
    """The labelled folder with images that differ from each other."""
    for index, name in enumerate(('a1', 'a2', 'b1')):
        image = np.random.default_rng(index).integers(0, 255, (8, 8, 3)).astype(np.uint8)
        write_image(labelled_folder / 'images' / name, image)
    return labelled_folder


def test_good_data_exit_with_zero_and_show_the_classes(main, folder, capsys):
    assert main([str(folder), '--workers', '0']) == 0
    printed = capsys.readouterr().out
    assert '0 errors, 0 warnings' in printed and '0 red' in printed
    assert '50.79' in printed and '49.21' in printed  # 32 and 31 of the 63 labelled pixels
    assert '1.56' in printed  # 1 of 64 ignored


def test_bad_files_are_named_on_screen_and_all_of_them_in_the_json(main, folder, capsys, tmp_path):
    for name in ('a1', 'a2', 'b1'):
        write_mask(folder / f'masks/{name}.png', np.full((8, 8), 7, np.uint8), [(0, 0, 0)])
    (folder / 'images/a1.png').write_bytes(b'x')
    report = tmp_path / 'report.json'
    status = main([str(folder), '--show', '1', '--json', str(report), '--workers', '0'])
    printed = capsys.readouterr().out
    assert status == 1 and 'error labels: 3' in printed and '... and 2 more' in printed
    assert 'error image_unreadable: 1' in printed and '4 errors' in printed
    content = json.loads(report.read_text())
    assert content['errors'] == 4 and content['classes'] == ['red', 'green']
    files = [issue['file'] for issue in content['issues'] if issue['code'] == 'labels']
    assert [file[-6:] for file in files] == ['a1.png', 'a2.png', 'b1.png']


def test_splits_are_compared(main, folder, capsys):
    (folder / 't.txt').write_text('a1\n')
    (folder / 'v.txt').write_text('a2\nb1\n')
    arguments = [str(folder), '--train', 't.txt', '--val', 'v.txt', '--workers', '0']
    assert main(arguments) == 1
    assert 'error leak_group: 1' in capsys.readouterr().out


def test_two_folders(main, folder, capsys):
    folders = ['--images', str(folder / 'images'), '--masks', str(folder / 'masks')]
    assert main([*folders, '--num-classes', '2', '--workers', '0']) == 0
    assert main([*folders, '--num-classes', '1', '--workers', '0']) == 1
    assert 'labels [1]: classes are 0..0' in capsys.readouterr().out


def test_one_source_is_needed(main, folder):
    for arguments in ([], [str(folder), '--images', str(folder)]):
        with pytest.raises(ConfigError, match='give one of: a config, a labelled folder, --images'):
            main(arguments)


def test_less_than_no_workers_are_refused(main, folder, capsys):
    with pytest.raises(SystemExit, match='2'):
        main([str(folder), '--workers', '-1'])
    assert 'argument --workers: -1 is negative' in capsys.readouterr().err
