import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.datasets.io.folder_format import read_classes
from glcnet_plugin.study.report import figures
from glcnet_plugin.study.report.summary import Score, summarise


@pytest.fixture
def scores():
    """Two methods, two numbers of labels, three seeds; class 5 occurs nowhere."""
    found = []
    for kind in ('finetune', 'probe'):
        for method, gain in (('random', 0.0), ('glcnet', 0.1)):
            for labels in (2, 4):
                for seed in range(3):
                    hist = np.diag([4, 3, 2, 1, 1, 0]).astype(int)
                    hist[0, 1] = seed
                    ious = [0.5 + gain, 0.1 * seed, 0.2, 0.3, 0.4, None]
                    values = {
                        'OA': 0.5,
                        'Kappa': 0.2 + gain + 0.01 * seed,
                        'mIoU': 0.3,
                        'IoU': ious,
                    }
                    found.append(Score(kind, method, labels, seed, values, hist.tolist()))
    return found


def test_curves_are_means_with_bands(study, scores):
    figure = figures.efficiency_picture(study, summarise(study, scores))
    shown = [axis for axis in figure.axes if axis.get_title()]
    assert [axis.get_title().split(',')[0] for axis in shown] == ['fine-tuned', 'linear probe']
    random, ours = shown[0].get_lines()
    assert list(ours.get_xdata()) == [2, 4] and shown[0].get_xscale() == 'log'
    assert ours.get_ydata() == pytest.approx([0.31, 0.31])
    assert random.get_color() == '#888888' and ours.get_linewidth() > random.get_linewidth()
    band = shown[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.2, 0.22))


def test_bars_are_classes(context, scores):
    axis = figures.class_picture(context, scores, 2).axes[0]
    heights = np.array([bar.get_height() for bar in axis.patches]).reshape(2, 6)
    assert heights == pytest.approx(
        np.array([[0.5, 0.1, 0.2, 0.3, 0.4, 0], [0.6, 0.1, 0.2, 0.3, 0.4, 0]])
    )
    names = read_classes(context.study.data.root)['classes']
    assert [tick.get_text() for tick in axis.get_xticklabels()] == names


def test_confusion_is_in_per_cent_of_the_truth(context, scores):
    axis = figures.confusion_picture(context, scores, 4).axes[0]
    shares = np.asarray(axis.images[0].get_array())
    assert shares[0, :2] == pytest.approx([12 / 15, 3 / 15]) and shares[5].sum() == 0
    assert axis.texts[0].get_text() == '80'


def test_mosaic_shows_image_truth_and_predictions(context, tmp_path):
    name = context.tiles.val[0]
    Image.fromarray(np.full((160, 160), 3, np.uint8)).save(tmp_path / f'{name}.png')
    figure = figures.mosaic_picture(context, [name], {'glcnet': tmp_path})
    assert [axis.get_ylabel() for axis in figure.axes] == ['image', 'truth', 'GLCNet']
    drawn = np.asarray(figure.axes[2].images[0].get_array())
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == 1


def test_only_random_weights_are_grey(study):
    colours = figures.method_colours(study)
    assert colours['random'] == '#888888' and len({str(c) for c in colours.values()}) == 3


def test_methods_differ_in_marker_too(study, scores):
    """For readers who see no colours, and where colours repeat."""
    rows = summarise(study, scores)
    axis = figures.answer_picture(study, rows, 'finetune').axes[0]
    markers = [line.get_marker() for line in axis.get_lines()]
    assert len(set(markers)) == len(markers) == 2


def test_no_legend_is_cut_off(study, scores):
    figure = figures.efficiency_picture(study, summarise(study, scores))
    figure.canvas.draw()
    assert figure.legends[0].get_window_extent().width < figure.bbox.width
