import json

import pytest

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.isprs import ISPRS, PotsdamDataset, VaihingenDataset
from glcnet_plugin.errors import DataError

# legend of the benchmark, by colour
LEGEND = {
    'impervious_surface': 'FFFFFF', 'building': '0000FF', 'low_vegetation': '00FFFF',
    'tree': '00FF00', 'car': 'FFFF00', 'clutter': 'FF0000',
}  # fmt: skip


def test_legend():
    colours = [bytes(colour).hex().upper() for colour in ISPRS['palette']]
    assert dict(zip(ISPRS['classes'], colours, strict=True)) == LEGEND


def test_scenes_of_training_and_test():
    """24 and 14 scenes of Potsdam, 16 and 17 of Vaihingen, none in both."""
    for cls, train, test in ((PotsdamDataset, 24, 14), (VaihingenDataset, 16, 17)):
        assert (len(set(cls.TRAIN_SCENES)), len(set(cls.TEST_SCENES))) == (train, test)
        assert not set(cls.TRAIN_SCENES) & set(cls.TEST_SCENES)


@pytest.mark.parametrize('cls', [PotsdamDataset, VaihingenDataset])
def test_a_folder_of_other_classes_is_refused(labelled_folder, cls):
    with pytest.raises(DataError, match=rf"lists \['red', 'green'\], {cls.__name__} expects"):
        cls(str(labelled_folder))
    classes = [
        {'id': i, 'name': name, 'color': f'#{LEGEND[name]}'}
        for i, name in enumerate(ISPRS['classes'])
    ]
    (labelled_folder / 'classes.json').write_text(json.dumps({'classes': classes}))
    dataset = cls(str(labelled_folder))
    assert isinstance(dataset, FolderSegDataset) and len(dataset) == 3
    assert dataset.get_data_info(0)['label_map'] is None
