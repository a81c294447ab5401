import pytest
import rank_gradients
import torch
from scaling import (
    Network,
    Training,
    count_traffic,
    embedding_bytes,
    loss_seconds,
    predict,
)

TRAINING = Training(0.1, 4000, 30_000_000, 70, batch=64, regions=4, width=64)


def test_one_rank_sends_nothing():
    found = predict(TRAINING, 1, Network(), True)
    assert (found['efficiency'], found['step_ms'], found['embeddings_mb']) == (1, 100, 0)


def test_what_a_rank_gives():
    assert embedding_bytes(TRAINING) == 2 * 64 * 5 * 64 * 4
    assert predict(TRAINING, 8, Network(), True)['embeddings_mb'] == pytest.approx(
        3 * 7 * embedding_bytes(TRAINING) / 1e6, abs=1e-3
    )


def test_the_loss_grows_with_the_ranks():
    assert loss_seconds(TRAINING, 512) == pytest.approx(512 * loss_seconds(TRAINING, 1))


def test_more_ranks_and_synchronised_statistics_cost_more():
    network = Network()
    own = [predict(TRAINING, ranks, network, False)['efficiency'] for ranks in (1, 8, 64, 512)]
    assert own == sorted(own, reverse=True)
    assert predict(TRAINING, 64, network, True)['efficiency'] < own[2]


def test_rings_between_machines_run_at_the_rate_of_the_port():
    network = Network()
    assert network.rate(8) == network.nvlink and network.rate(9) == network.port
    assert network.wait(8) == network.latency < network.wait(64)


@pytest.mark.slow
@pytest.mark.parametrize('ranks', [1, 2, 4])
def test_processes_move_what_the_model_says(ranks, forked):
    model = rank_gradients.network(torch.float32).model
    head = model.local_head
    demo = Training(0, 0, 0, 0, rank_gradients.IMAGES, head.num_regions, head.out_channels)
    counted = count_traffic(ranks)
    is_alone = ranks == 1
    assert counted == {
        'embeddings': 0 if is_alone else embedding_bytes(demo),
        'gradients': 0 if is_alone else ranks * embedding_bytes(demo),
        'calls': 0 if is_alone else 12,
    }
