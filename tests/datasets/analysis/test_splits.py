import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.splits import (
    budget,
    hold_out_groups,
    last_groups,
    order_by_class,
    order_by_scene,
    order_random,
)
from glcnet_plugin.errors import ConfigError, DataError


def rows(sizes):
    return [
        {'name': f'{source}_{i}', 'source': source, 'group': source[0]}
        for source, count in sizes.items()
        for i in range(count)
    ]


TILES = rows({'a1': 30, 'a2': 3, 'b1': 10})


@pytest.mark.parametrize(
    ('groups', 'share', 'count'),
    [(54, 0.2, 11), (10, 0.2, 2), (2, 0.01, 1), (2, 0.99, 1), (7, 0.5, 4), (3, 0.999, 2)],
)
def test_the_share_counts_groups(groups, share, count):
    names = {f'g{i}': 100 * i for i in range(groups)}
    held = hold_out_groups(names, share, 0)
    assert len(held) == count and held == sorted(set(held)) and set(held) < set(names)


def test_held_out_groups_depend_on_the_seed_alone():
    names = [f'g{i}' for i in range(20)]
    held = hold_out_groups(names, 0.3, 1)
    assert hold_out_groups(names[::-1], 0.3, 1) == held
    assert len({tuple(hold_out_groups(names, 0.3, seed)) for seed in range(5)}) == 5
    drawn = np.concatenate([hold_out_groups(names, 0.3, seed) for seed in range(400)])
    counts = np.unique(drawn, return_counts=True)[1]
    # binomial with p = 0.3: 120 times each, standard deviation 9.2
    assert len(counts) == 20 and abs(counts - 120).max() < 5 * 9.2


def test_groups_that_cannot_be_held_out():
    with pytest.raises(DataError, match=r"all images are in the group \['A'\]"):
        hold_out_groups({'A': 3}, 0.2, 0)
    for share in (0, 1, -0.1, float('nan')):
        with pytest.raises(ConfigError, match=f'{share}.*between 0 and 1'):
            hold_out_groups({'A': 3, 'B': 1}, share, 0)


def test_the_last_groups_make_up_a_fifth():
    assert last_groups({'A': 18, 'B': 27, 'C': 9, 'D': 9, 'E': 9}) == ['D', 'E']
    assert last_groups({'A': 100, 'B': 1}) == ['B']
    with pytest.raises(DataError, match='two groups are needed'):
        last_groups({'A': 3})


def test_every_image_gives_a_tile_before_one_gives_a_second():
    drawn = order_by_scene(TILES, np.random.default_rng(0))[:6]
    assert sorted(name.split('_')[0] for name in drawn) == ['a1', 'a1', 'a2', 'a2', 'b1', 'b1']


def test_draws_of_earlier_releases_come_back():
    drawn = order_by_scene(TILES, np.random.default_rng(1003))
    assert drawn[:8] == ['b1_9', 'a1_8', 'a2_0', 'a2_1', 'a1_4', 'b1_0', 'b1_4', 'a1_6']


def test_groups_and_names_stand_for_missing_sources():
    tiles = [{'name': f'n{i}', 'group': 'large'} for i in range(9)] + [{'name': 'alone'}]
    for seed in range(5):
        assert 'alone' in order_by_scene(tiles, np.random.default_rng(seed))[:2]


def test_images_of_one_name_in_two_groups_are_two():
    """They had the chance of one; blocks of one image, as groups, still have it."""
    tiles = [
        {'name': f'{group}{y}', 'group': group, 'source': 's', 'y': str(y), 'x': '0'}
        for group, count in (('A', 9), ('B', 1))
        for y in range(count)
    ]
    alone = {'name': 'C', 'group': 'C', 'source': 't', 'y': '0', 'x': '0'}
    for seed in range(5):
        drawn = order_by_scene([*tiles, alone], np.random.default_rng(seed))[:3]
        assert sorted(name[0] for name in drawn) == ['A', 'B', 'C']
    tiles[-1]['y'] = '9'
    drawn = [order_by_scene([*tiles, alone], np.random.default_rng(seed)) for seed in range(5)]
    assert all('C' in names[:2] for names in drawn)


def counts_of(tiles, seed=0):
    """A pool as satellite tiles are: each has mostly one class, and classes are uneven."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([0.6, 0.3, 0.1, 0.05], len(tiles))
    return (shares * 65536).astype(np.int64)


def distance(names, tiles, counts):
    place = {row['name']: i for i, row in enumerate(tiles)}
    drawn = counts[[place[name] for name in names]].sum(axis=0)
    return np.abs(drawn / drawn.sum() - counts.sum(axis=0) / counts.sum()).sum()


@pytest.mark.parametrize('order', ['random', 'scene', 'class'])
def test_every_order_has_all_names_once_and_follows_the_generator(order):
    counts = counts_of(TILES)
    draw = {
        'random': order_random,
        'scene': order_by_scene,
        'class': lambda rows, rng: order_by_class(rows, counts, rng),
    }[order]
    names = sorted(row['name'] for row in TILES)
    drawn = [draw(TILES, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert all(sorted(one) == names for one in drawn)
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][:8] != drawn[2][:8]


def test_draws_by_class_are_nearer_to_the_pool_than_random_ones():
    tiles = rows({'a': 600})
    counts = counts_of(tiles)
    for seed in range(5):
        chosen = order_by_class(tiles, counts, np.random.default_rng(seed))
        plain = order_random(tiles, np.random.default_rng(seed))
        for size in (6, 30, 60):
            ours = distance(chosen[:size], tiles, counts)
            assert ours < 0.5 * distance(plain[:size], tiles, counts)


def test_each_step_by_class_takes_the_nearest_of_a_small_pool():
    tiles = rows({'a': 8})  # up to 8 are all compared
    counts = counts_of(tiles) + 30_000
    left, chosen = {row['name'] for row in tiles}, []
    for name in order_by_class(tiles, counts, np.random.default_rng(0)):
        best = min(left, key=lambda other: distance([*chosen, other], tiles, counts))
        assert name == best
        chosen.append(name)
        left.remove(name)


def test_tiles_with_few_labels_come_last():
    tiles = rows({'a': 20})
    counts = np.tile([3000, 1000], (20, 1))
    counts[:5] = [[0, 0], [3, 1], [75, 25], [6, 2], [0, 1]]  # some of them perfect shares
    order = order_by_class(tiles, counts, np.random.default_rng(0))
    assert set(order[-5:]) == {f'a_{i}' for i in range(5)}
    with pytest.raises(ConfigError, match='20 tiles, but class counts of 19'):
        order_by_class(tiles, counts[1:], np.random.default_rng(0))
    assert len(order_by_class(tiles, 0 * counts, np.random.default_rng(0))) == 20


@pytest.mark.parametrize(
    ('text', 'total', 'expected'),
    [
        ('0.01', 13_824, ('1pct', 138)),
        ('1%', 13_824, ('1pct', 138)),
        ('5%', 81, ('5pct', 4)),
        ('0.07', 100, ('7pct', 7)),
        ('0.5%', 1000, ('0.5pct', 5)),
        ('1%', 3, ('1pct', 1)),
        ('100%', 7, ('100pct', 7)),
        ('16', 16, ('16tiles', 16)),
        ('1', 81, ('1tiles', 1)),
    ],
)
def test_budgets(text, total, expected):
    assert budget(text, total) == expected


@pytest.mark.parametrize(
    'text', ['0', '-1', '1.5', '1.0', '0.0', '-0.1', '0%', '-5%', '150%', 'x', '', '%', 'nan%',
             'inf%', '1e-2'],
)  # fmt: skip
def test_budgets_that_make_no_sense(text):
    with pytest.raises(ConfigError, match=f'budget {text!r}: give'):
        budget(text, 100)


def test_a_budget_beyond_the_pool():
    with pytest.raises(DataError, match="'17' is more than the 16 tiles"):
        budget('17', 16)
