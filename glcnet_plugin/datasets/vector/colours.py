"""Colours for classes that have none."""

from colorsys import hsv_to_rgb

GOLDEN = 0.618034  # steps of the golden ratio around the circle come close to no earlier one


def distinct_colours(number: int) -> list[tuple[int, int, int]]:
    """Colours that are easy to tell apart; the first ones stay where more are wanted.

    Args:
        number: How many, up to 255.

    Returns:
        R, G, B of each.
    """
    colours = []
    for index in range(number):
        value = (0.95, 0.75, 0.55)[index % 3]
        r, g, b = hsv_to_rgb(index * GOLDEN % 1, 0.7, value)
        colours.append((round(255 * r), round(255 * g), round(255 * b)))
    return colours
