"""Draw images, views, features and curves."""

from glcnet_plugin.visualization.views import draw_matched_regions, to_rgb

__all__ = ['draw_matched_regions', 'to_rgb']
