import argparse

import pytest

from glcnet_plugin.datasets.vector.options import add_label_options, label_options


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_label_options(parser)
    return parser.parse_args(words)


def test_what_reading_takes():
    args = parsed('--classes', 'a, b c', '--crs', 'EPSG:32643', '--point-radius', '2.5')
    assert args.point_radius == 2.5
    assert label_options(args) == {
        'column': 'class', 'classes': ['a', 'b c'], 'crs': 'EPSG:32643', 'layer': None
    }  # fmt: skip


@pytest.mark.parametrize('length', ['-1', 'inf', 'nan', 'far'])
def test_what_is_no_length(length, capsys):
    with pytest.raises(SystemExit):
        parsed(f'--point-radius={length}')
    assert 'point-radius' in capsys.readouterr().err
