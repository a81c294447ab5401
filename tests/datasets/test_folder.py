import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DATASETS

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.tiling.folder_writer import write_description, write_image
from glcnet_plugin.errors import ConfigError, DataError

PIPELINE = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.LoadRSMask'),
    dict(type='PackSegInputs'),
]


def names(dataset):
    return [Path(dataset.get_data_info(i)['img_path']).stem for i in range(len(dataset))]


def test_classes_and_colours_come_from_the_folder(labelled_folder):
    dataset = FolderSegDataset(str(labelled_folder))
    assert dataset.metainfo['classes'] == ['red', 'green']
    assert dataset.metainfo['palette'] == [[255, 0, 0], [0, 255, 0]]
    assert names(dataset) == ['a1', 'a2', 'b1']


def test_groups_and_lists_select(labelled_folder):
    assert names(FolderSegDataset(str(labelled_folder), groups=['B'])) == ['b1']
    (labelled_folder / 'part.txt').write_text('b1\na1\n')
    assert names(FolderSegDataset(str(labelled_folder), 'part.txt')) == ['b1', 'a1']


def test_masks_are_class_ids_after_the_pipeline_of_mmseg(labelled_folder, mmseg_scope):
    dataset = DATASETS.build(
        dict(
            type='glcnet_plugin.FolderSegDataset',
            data_root=str(labelled_folder),
            pipeline=PIPELINE,
        )
    )
    mask = dataset[1]['data_samples'].gt_sem_seg.data[0].numpy()
    assert mask[0, 0] == 255 and (mask[1:, :4] == 0).all() and (mask[:, 4:] == 1).all()
    assert np.unique(dataset[1]['inputs'].numpy()).tolist() == [10]


def test_unknown_group_lists_the_known(labelled_folder):
    with pytest.raises(DataError, match=r"\['Z'\]: \['A', 'B'\]"):
        FolderSegDataset(str(labelled_folder), groups=['A', 'Z'])


def test_list_problems(labelled_folder):
    with pytest.raises(DataError, match=r'cannot read the image list .*gone.txt'):
        FolderSegDataset(str(labelled_folder), 'gone.txt')
    (labelled_folder / 'part.txt').write_text('nowhere\n')
    with pytest.raises(DataError, match=r"part.txt names 1 images that .* lacks.*\['nowhere'\]"):
        FolderSegDataset(str(labelled_folder), 'part.txt')
    (labelled_folder / 'part.txt').write_text('')
    with pytest.raises(DataError, match='is empty'):
        FolderSegDataset(str(labelled_folder), 'part.txt')


@pytest.mark.parametrize(('part', 'folder'), [('images', 'images'), ('masks', 'masks')])
def test_missing_file_is_named(labelled_folder, part, folder):
    (labelled_folder / part / 'a2.png').unlink()
    with pytest.raises(DataError, match=rf"{folder} has no file for 'a2'"):
        FolderSegDataset(str(labelled_folder))


def test_lists_may_come_from_windows_and_hold_paths(labelled_folder):
    text = 'images\\b1.png\r\n\r\n /elsewhere/images/a1.tif \r\na2\r\n'
    (labelled_folder / 'part.txt').write_bytes(text.encode())
    assert names(FolderSegDataset(str(labelled_folder), 'part.txt')) == ['b1', 'a1', 'a2']


def test_two_images_of_one_name(labelled_folder):
    (labelled_folder / 'images/a1.tif').touch()
    with pytest.raises(DataError, match=r'a1.png and .*a1.tif have one name'):
        FolderSegDataset(str(labelled_folder))


def test_another_ignored_value(labelled_folder, mmseg_scope):
    path = labelled_folder / 'classes.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), 'ignore_index': 1}))
    dataset = FolderSegDataset(str(labelled_folder), pipeline=PIPELINE)
    mask = dataset[0]['data_samples'].gt_sem_seg.data[0].numpy()
    assert (mask[1:, :4] == 0).all() and (mask[:, 4:] == 255).all()


@pytest.mark.parametrize(
    ('classes', 'ids'), [(('green',), (255, 0)), (['green', 'red'], (1, 0)), (None, (0, 1))]
)
def test_classes_can_be_chosen(labelled_folder, mmseg_scope, classes, ids):
    metainfo = None if classes is None else dict(classes=classes)
    dataset = FolderSegDataset(str(labelled_folder), metainfo=metainfo, pipeline=PIPELINE)
    mask = dataset[0]['data_samples'].gt_sem_seg.data[0].numpy()
    assert (mask[1:, :4] == ids[0]).all() and (mask[:, 4:] == ids[1]).all() and mask[0, 0] == 255
    assert list(dataset.metainfo['classes']) == list(classes or ['red', 'green'])
    colours = {'red': [255, 0, 0], 'green': [0, 255, 0]}
    assert dataset.metainfo['palette'] == [colours[name] for name in classes or colours]


def test_a_class_that_the_folder_lacks(labelled_folder):
    with pytest.raises(ConfigError, match=r"names \['blue'\], .* has \['red', 'green'\]: choose"):
        FolderSegDataset(str(labelled_folder), metainfo=dict(classes=['red', 'blue']))


def test_groups_bound_the_list(labelled_folder):
    (labelled_folder / 'part.txt').write_text('a1\nb1\n')
    with pytest.raises(DataError, match=r"1 images that .*\(groups \['A'\]\) lacks.*\['b1'\]"):
        FolderSegDataset(str(labelled_folder), 'part.txt', groups=['A'])


def test_a_name_that_occurs_twice_in_two_ways(labelled_folder):
    (labelled_folder / 'part.txt').write_text('a1\nimages/a1.png\n')
    with pytest.raises(DataError, match=r"names \['a1'\] more than once"):
        FolderSegDataset(str(labelled_folder), 'part.txt')


def test_masks_may_be_tiffs_and_world_files_do_not_matter(labelled_folder, mmseg_scope):
    ids = np.zeros((8, 8, 1), np.uint8)
    (labelled_folder / 'masks/a1.png').unlink()
    write_image(labelled_folder / 'masks/a1', ids)
    (labelled_folder / 'images/a1.pgw').touch()
    dataset = FolderSegDataset(str(labelled_folder), pipeline=PIPELINE)
    assert (dataset[0]['data_samples'].gt_sem_seg.data == 0).all()
    assert dataset.get_data_info(2)['group'] == 'B'


def test_pixels_of_tiles_that_overlap_are_scored_once(labelled_folder):
    rows = [
        {'name': name, 'group': 'A', 'source': 's', 'y': '0', 'x': str(x)}
        for name, x in (('a1', 0), ('a2', 5), ('b1', 13))
    ]
    write_description(labelled_folder, ['red', 'green'], [(255, 0, 0), (0, 255, 0)], rows)
    load = [dict(type='glcnet_plugin.LoadRSMask')]

    def labels(**options):
        dataset = FolderSegDataset(str(labelled_folder), pipeline=load, **options)
        return [dataset[index]['gt_seg_map'] for index in range(3)]

    plain = labels()  # training sees all pixels
    assert all((ids[:, :3] != 255).sum() == 23 for ids in plain)
    scored = labels(test_mode=True)
    assert (scored[1][:, :3] == 255).all()  # shown by the first tile
    np.testing.assert_array_equal(scored[1][:, 3:], plain[1][:, 3:])
    np.testing.assert_array_equal([scored[0], scored[2]], [plain[0], plain[2]])
    np.testing.assert_array_equal(labels(test_mode=True, score_once=False), plain)
