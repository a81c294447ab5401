import cache_tiles
import numpy as np
import pytest

from glcnet_plugin.datasets.io.tile_cache import TileCache
from glcnet_plugin.datasets.tiling.folder_writer import write_image


@pytest.fixture
def main(monkeypatch, tmp_path):
    """Run the tool on a folder of three tiles."""
    (tmp_path / 'images').mkdir()
    for i in range(3):
        write_image(
            tmp_path / f'images/x{i}', np.full((4, 4, 2), i, np.uint16), band_names=('R', 'NIR')
        )

    def run(*arguments):
        own = [tmp_path / 'images', tmp_path / 'tiles.cache', '--workers', '0', *arguments]
        monkeypatch.setattr('sys.argv', ['tool', *map(str, own)])
        return cache_tiles.main()

    return run


def test_it_is_made_once_and_again_after_a_change(main, tmp_path, capsys):
    assert main() == 0
    assert "cache='" in capsys.readouterr().out
    first = (tmp_path / 'tiles.cache').stat()
    assert main() == 0
    assert 'tiles.cache is up to date: 3 images' in capsys.readouterr().out
    assert (tmp_path / 'tiles.cache').stat().st_ino == first.st_ino
    changed = write_image(tmp_path / 'images/x1', np.ones((5, 5, 2), np.uint16))
    main()
    assert f'1 of 3 images are new or have changed: {changed}' in capsys.readouterr().out
    assert TileCache(tmp_path / 'tiles.cache').get(changed).image.shape == (5, 5, 2)


def test_bands_and_lists(main, tmp_path):
    (tmp_path / 'part.txt').write_text('x2.tif\n')
    main('--list', tmp_path / 'part.txt', '--bands', 'NIR', '0')
    cache = TileCache(tmp_path / 'tiles.cache')
    assert len(cache.entries) == 1
    assert cache.holds(tmp_path / 'images/x2.tif', bands=['NIR', 0])
