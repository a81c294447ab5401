import band_stats
import numpy as np
import pytest
from mmengine.config import Config

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


@pytest.fixture
def main(monkeypatch):
    """Run the tool with these arguments."""

    def run(arguments):
        monkeypatch.setattr('sys.argv', ['tool', *arguments])
        return band_stats.main()

    return run


@pytest.fixture
def folder(tmp_path):
    for index in range(3):
        image = np.full((4, 4, 4), 10 * index, np.uint16)
        image[..., 3] += 1
        write_image(tmp_path / f'x{index}', image, band_names=('R', 'G', 'B', 'NIR'))
    return tmp_path


def test_the_snippet_is_a_config_with_the_statistics(main, folder, tmp_path, capsys):
    assert main([str(folder), '--out', str(tmp_path / 'stats.py'), '--workers', '0']) == 0
    cfg = Config.fromfile(tmp_path / 'stats.py').model
    std = np.std([0, 10, 20])
    assert cfg.data_preprocessor.mean == [10, 10, 10, 11]
    assert cfg.data_preprocessor.std == pytest.approx([std] * 4, rel=1e-5)
    assert cfg.data_preprocessor.band_names == ['R', 'G', 'B', 'NIR']
    assert cfg.backbone.in_channels == 4
    printed = capsys.readouterr().out
    assert 'NIR' in printed and '3 images in' in printed


def test_lists_and_bands(main, folder, tmp_path):
    (tmp_path / 'part.txt').write_text('x2.tif\n')
    out = tmp_path / 'stats.py'
    arguments = [str(folder), '--list', str(tmp_path / 'part.txt'), '--bands', 'NIR', '0']
    main([*arguments, '--out', str(out), '--workers', '0'])
    assert Config.fromfile(out).model.data_preprocessor.mean == [21, 20]


def test_a_folder_without_images(main, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match='no image below'):
        main([str(tmp_path / 'empty')])


def test_bands_of_one_value_and_without_names(main, tmp_path, capsys):
    write_image(tmp_path / 'x', np.array([[[3, 7], [5, 7]]], np.uint16))
    main([str(tmp_path), '--out', str(tmp_path / 'stats.py'), '--workers', '0'])
    cfg = Config.fromfile(tmp_path / 'stats.py').model
    assert cfg.data_preprocessor.std == [1, 1] and 'band_names' not in cfg.data_preprocessor
    assert 'band 1 has one value everywhere: leave it out' in capsys.readouterr().out


def test_less_than_no_workers_are_refused(main, folder, capsys):
    with pytest.raises(SystemExit, match='2'):
        main([str(folder), '--workers', '-1'])
    assert 'argument --workers: -1 is negative' in capsys.readouterr().err
