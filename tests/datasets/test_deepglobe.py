from glcnet_plugin.datasets.deepglobe import DeepGlobeDataset


def test_legend():
    """Colours as the task names them: cyan, yellow, magenta, green, blue, white."""
    assert dict(zip(DeepGlobeDataset.METAINFO['classes'],
                    map(tuple, DeepGlobeDataset.METAINFO['palette']), strict=True)) == {
        'urban': (0, 255, 255), 'agriculture': (255, 255, 0), 'rangeland': (255, 0, 255),
        'forest': (0, 255, 0), 'water': (0, 0, 255), 'barren': (255, 255, 255),
    }  # fmt: skip
