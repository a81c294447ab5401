from glcnet_plugin.datasets.dubai import DubaiDataset


def test_legend():
    colours = [bytes(colour).hex().upper() for colour in DubaiDataset.METAINFO['palette']]
    assert dict(zip(DubaiDataset.METAINFO['classes'], colours, strict=True)) == {
        'building': '3C1098', 'land_unpaved': '8429F6', 'road': '6EC1E4', 'vegetation': 'FEDD3A',
        'water': 'E2A929',
    }  # fmt: skip


def test_every_scene_has_a_group():
    assert sorted(DubaiDataset.GROUPS) == list(range(1, 9))
