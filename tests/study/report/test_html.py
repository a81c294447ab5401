import os
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from glcnet_plugin.study.plan import make_plan
from glcnet_plugin.study.report.html import (
    Material,
    draw_pictures,
    drawn_while_pretraining,
    encode,
    list_problems,
    pretraining_costs,
    write_report,
)
from glcnet_plugin.study.results import write_failure


@pytest.fixture
def material(study, tiles, tmp_path):
    return Material(study, tiles, tmp_path, make_plan(study, tiles), {}, ['a command'])


def test_a_report_of_nothing_says_so(material):
    assert list_problems(material) == [f'{len(material.plan)} of {len(material.plan)} cells are '
                                       'not finished yet']  # fmt: skip
    assert pretraining_costs(material) == [] and draw_pictures(material, [], []) == {}
    html = write_report(material).read_text()
    assert 'not finished yet' in html and 'a command' in html and '<img' not in html


def test_what_failed_and_what_was_left_out_is_named(material, tmp_path):
    methods = dict(material.study.methods)
    methods['simclr'] = replace(methods['simclr'], config=None, checkpoint='/nowhere/x.pth')
    study = replace(material.study, methods=methods)
    plan = make_plan(study, material.tiles)
    write_failure(tmp_path, plan[0], 'no memory')
    problems = list_problems(replace(material, study=study, plan=plan))
    assert problems[0] == 'SimCLR was left out: its weights, /nowhere/x.pth, are not there'
    assert problems[1] == f'{plan[0].name} failed: no memory'
    assert problems[2] == f'{len(plan) - 1} of {len(plan)} cells are not finished yet'


def test_pictures_of_the_pretraining_are_the_last_ones(material, tmp_path):
    assert drawn_while_pretraining(material) == {}
    place = tmp_path / 'pretrain/glcnet/seed0/2026/vis_data/vis_image'
    place.mkdir(parents=True)
    for step in (10, 5):
        picture = place / f'features_{step}.png'
        picture.write_bytes(b'x')
        os.utime(picture, (step, step))
    (found,) = drawn_while_pretraining(material).values()
    assert found.name == 'features_10.png'


def test_pictures_stand_in_the_page_itself(tmp_path):
    (tmp_path / 'x.png').write_bytes(b'abc')
    assert encode(tmp_path / 'x.png') == 'data:image/png;base64,YWJj'
    assert encode(Figure(figsize=(1, 1))).startswith('data:image/png;base64,iVBOR')
