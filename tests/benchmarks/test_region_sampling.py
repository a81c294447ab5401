import numpy as np
from region_sampling import REGIONS, SIDE, TILE, VIEW, search_regions, warp_with_index


def test_the_reference_finds_the_same_ground():
    image = np.zeros((TILE, TILE, 3), np.uint8)
    for _ in range(3):
        first, second = warp_with_index(image, False), warp_with_index(image, True)
        pairs = search_regions(first, second)
        assert len(pairs) == REGIONS
        for (y1, x1), (y2, x2) in pairs:
            assert first[y1, x1] == second[y2, x2]
            assert SIDE // 2 <= min(y1, x1, y2, x2) <= max(y1, x1, y2, x2) < VIEW - SIDE // 2
