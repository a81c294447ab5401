import pytest
import torch
from validation import compare, network


@pytest.mark.slow
def test_both_sides_predict_and_score_the_same():
    figures = compare(2, 300, memory=False)
    assert 100 * figures['ours']['mIoU'] == pytest.approx(figures['mmseg']['mIoU'], abs=0.02)
    assert figures['seconds_mmseg_over_ours'] > 0


@pytest.mark.slow
@pytest.mark.parametrize(('side', 'batches'), [('ours', [4]), ('mmseg', [1] * 4)])
def test_windows_pass_in_batches_or_one_at_a_time(side, batches):
    model, seen = network(side), []
    model.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    with torch.no_grad():
        model.slide_inference(torch.rand(1, 3, 300, 300), [dict(img_shape=(300, 300))])
    assert seen == batches
