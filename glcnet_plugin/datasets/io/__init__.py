"""Reading of images, rasters, masks, lists and the folder description."""
