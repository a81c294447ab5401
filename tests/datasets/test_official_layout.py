import cv2
import numpy as np
import pytest
from mmengine.registry import DATASETS

from glcnet_plugin.datasets.official_layout import (
    HubeiDataset,
    OfficialLayoutDataset,
    XiangtanDataset,
    read_class_dict,
)
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

CLASS_DICT = 'Class Name,B,G,R\r\n0,0,0,0\r\nfield,0,255,255\r\nroad,255,0,0\r\n'


@pytest.fixture
def published(tmp_path):
    """Two 4-band tiles with colour masks, as the official code has them."""
    (tmp_path / 'class_dict.txt').write_bytes(CLASS_DICT.encode())
    for folder in ('train_RGBIR', 'train_lbl'):
        (tmp_path / folder).mkdir()
    mask = np.zeros((4, 4, 3), np.uint8)
    mask[0] = (0, 255, 255)  # B, G, R of 'field'
    mask[1] = (255, 0, 0)
    for name in ('top__1', 'top__2'):
        write_image(tmp_path / 'train_RGBIR' / name, np.ones((4, 4, 4), np.uint8))
        cv2.imwrite(str(tmp_path / 'train_lbl' / f'{name}.tif'), mask)
    (tmp_path / 'trainR1_RGBIR.txt').write_bytes(b'top__2.tif\r\n')
    return tmp_path


def build(folder, **more):
    pipeline = [dict(type='glcnet_plugin.LoadRSImage'), dict(type='glcnet_plugin.LoadRSMask')]
    return DATASETS.build(
        dict(
            type='glcnet_plugin.OfficialLayoutDataset',
            data_root=str(folder),
            pipeline=pipeline,
            **more,
        )
    )


def test_colours_become_ids_on_the_fly(published):
    dataset = build(published, ann_file='trainR1_RGBIR.txt')
    assert len(dataset) == 1 and dataset.metainfo['classes'] == ['0', 'field', 'road']
    assert dataset.metainfo['palette'] == [[0, 0, 0], [255, 255, 0], [0, 0, 255]]
    sample = dataset[0]
    assert sample['gt_seg_map'][:, 0].tolist() == [1, 2, 0, 0] and sample['img'].shape == (4, 4, 4)
    assert sample['img_path'].endswith('top__2.tif')
    assert len(build(published)) == 2


def test_a_class_can_be_ignored(published):
    dataset = build(published, ignored_classes=['0'])
    assert dataset.metainfo['classes'] == ['field', 'road']
    assert dataset[0]['gt_seg_map'][:, 0].tolist() == [0, 1, 255, 255]
    with pytest.raises(DataError, match=r"has no classes \['black'\]: \['0', 'field', 'road'\]"):
        build(published, ignored_classes=['black'])


def test_the_header_says_the_order_of_the_colours(published):
    path = published / 'class_dict.txt'
    assert read_class_dict(path)['field'] == (255, 255, 0)
    path.write_text(CLASS_DICT.replace('B,G,R', 'r,g,b'))
    assert read_class_dict(path)['field'] == (0, 255, 255)


@pytest.mark.parametrize(
    'text', ['', 'Class Name,X,Y\na,1,2', 'Class Name,R,G,B\na,1,2', 'Class Name,R,G,B\n',
             'Class Name,R,G,B\na,1,2,3\nb,1,2,3', 'Class Name,R,G,B\na,1,2,3\na,1,2,4']
)  # fmt: skip
def test_class_dict_problems(published, text):
    (published / 'class_dict.txt').write_text(text)
    with pytest.raises(DataError, match=r'class_dict.txt'):
        read_class_dict(published / 'class_dict.txt')


def test_class_dicts_of_other_encodings(published):
    path = published / 'class_dict.txt'
    path.write_bytes('Class Name,R,G,B\nWäldchen,1,2,3\n'.encode('cp1252'))
    with pytest.raises(DataError, match=r'class_dict.txt: it is not UTF-8 text: save it as UTF-8'):
        read_class_dict(path)


def test_missing_files_are_named(published):
    (published / 'train_lbl/top__2.tif').unlink()
    with pytest.raises(DataError, match=r'train_lbl/top__2.tif does not exist; .*R1_RGBIR.txt'):
        build(published, ann_file='trainR1_RGBIR.txt')
    with pytest.raises(DataError, match=r'holds no images'):
        build(published, image_folder='val_RGBIR')


def test_sets_that_are_not_public_invent_no_classes(published):
    for cls in (HubeiDataset, XiangtanDataset):
        assert issubclass(cls, OfficialLayoutDataset) and not cls.METAINFO
        assert list(cls(str(published)).metainfo['classes']) == ['0', 'field', 'road']
