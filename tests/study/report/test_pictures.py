import os

from matplotlib.figure import Figure

from glcnet_plugin.study.report import pictures
from glcnet_plugin.study.report.pictures import Picture, draw_pictures, lead_picture


def test_pictures_of_the_pretraining_are_the_last_ones(context):
    folder = context.folder / 'pretrain/glcnet/seed0/2026/vis_data/vis_image'
    folder.mkdir(parents=True)
    for step in (10, 5):
        picture = folder / f'features_{step}.png'
        picture.write_bytes(b'x')
        os.utime(picture, (step, step))
    (picture,) = draw_pictures(context, [], [])
    assert picture.content.name == 'features_10.png' and not picture.has_legend


def test_pictures_stand_in_the_page_itself(tmp_path):
    (tmp_path / 'x.png').write_bytes(b'abc')
    assert Picture('x', tmp_path / 'x.png').address == 'data:image/png;base64,YWJj'
    address = Picture('x', Figure(figsize=(1, 1))).address
    assert address.startswith('data:image/png;base64,iVBOR')


def test_the_first_picture_is_of_one_kind(study, rows):
    assert lead_picture(study, [], None) is None
    picture = lead_picture(study, rows, 'finetune')
    assert picture.heading == 'Kappa over the number of labelled tiles, fine-tuned'
    (axis,) = picture.content.axes
    assert len(axis.get_lines()) == 3
    assert len(axis.collections) == 2  # the bands of random weights and of GLCNet


def test_one_kind_is_not_drawn_twice(context, rows):
    assert list(draw_pictures(context, rows, [])) == []


def test_a_pretraining_of_fewer_steps_than_a_log_line_has_no_curves(context, monkeypatch):
    """The report of a study of two steps ended with a DataError."""
    monkeypatch.setattr(pictures, 'read_result', lambda context, job: {'seconds': 1})
    assert list(draw_pictures(context, [], [])) == []
