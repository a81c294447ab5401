import os

from matplotlib.figure import Figure

from glcnet_plugin.study.report.html import (
    Picture,
    draw_pictures,
    pretraining_costs,
    write_report,
)
from glcnet_plugin.study.results import Problem, find_problems


def test_a_report_of_nothing_says_so(context):
    text = f'{len(context.plan)} of {len(context.plan)} jobs are not finished yet'
    assert find_problems(context) == [Problem('unfinished', text)]
    assert pretraining_costs(context) == [] and list(draw_pictures(context, [], [])) == []
    html = write_report(context, ['a command']).read_text()
    assert 'not finished yet' in html and 'a command' in html and '<img' not in html
    assert context.tiles.separation in html and 'never trained on' not in html
    assert context.tiles.separation in (context.folder / 'report.md').read_text()
    assert 'none in the compared settings' in html and 'param_scheduler' in html


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
