"""The places of images as polygons, to open in QGIS."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from glcnet_plugin.datasets.io.images import ImageInfo
from glcnet_plugin.datasets.vector.labels import import_geopandas
from glcnet_plugin.errors import DataError, StorageError


def write_footprints(
    path: str | Path, lists: Mapping[str, Sequence[str]], infos: Mapping[str, ImageInfo]
) -> int:
    """Write the outlines of listed images, with the columns ``name`` and ``list``.

    Args:
        path: File whose ending says the format: .gpkg, .geojson or .shp.
        lists: Names of images by the name of their list.
        infos: Headers of the images that are georeferenced, by name.

    Returns:
        Number of outlines; all are in the CRS of the first image.

    Raises:
        DataError: If none of the images is georeferenced.
        StorageError: If the file cannot be written.
        ConfigError: If geopandas is not installed.
    """
    geopandas = import_geopandas()
    import pyogrio
    from shapely.geometry import box

    rows = [
        {
            'name': name,
            'list': part,
            'geometry': geopandas.GeoSeries([box(*info.bounds)], crs=info.crs),
        }
        for part, names in lists.items()
        for name in names
        if (info := infos.get(name)) is not None and info.bounds is not None
    ]
    if not rows:
        raise DataError(
            f'no footprint to write to {path}: none of the listed images says where it lies (a '
            'georeference in the file, or the columns of the manifest that make_tiles writes)'
        )
    crs = rows[0]['geometry'].crs
    for row in rows:
        (row['geometry'],) = row['geometry'].to_crs(crs)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        driver = pyogrio.detect_write_driver(path)  # geopandas takes others for Shapefiles
        geopandas.GeoDataFrame(rows, crs=crs).to_file(path, driver, engine='pyogrio')
    except (pyogrio.errors.DataSourceError, ValueError, OSError) as error:
        raise StorageError(
            f'cannot write the outlines to {path}: {error}; give a .gpkg, .geojson or .shp in a '
            'folder that can be written'
        ) from error
    return len(rows)
