"""Pictures of what a model sees and says."""

from glcnet_plugin.visualization.views import draw_matched_regions, to_rgb

__all__ = ['draw_matched_regions', 'to_rgb']
