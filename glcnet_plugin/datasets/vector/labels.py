"""Read labels that were drawn as polygons or points."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.rasters import is_virtual
from glcnet_plugin.datasets.vector.class_column import class_ids, class_names
from glcnet_plugin.errors import ConfigError, DataError

POLYGONS = ('Polygon', 'MultiPolygon')
POINTS = ('Point', 'MultiPoint')


@dataclass
class VectorLabels:
    """Polygons and points with a class each.

    Args:
        path: Their file.
        frame: GeoDataFrame with a CRS: ``geometry`` and ``class_id``, in the order of the
            file; the index holds the ids of the features.
        classes: Names of the classes.
        notes: What was left out or looks wrong, with the remedy.
    """

    path: str
    frame: Any
    classes: list[str]
    notes: list[str] = field(default_factory=list)
    _places: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)

    def geometries(self, crs: str) -> NDArray[Any]:
        """Geometries in a CRS, (F,); empty where one has no finite place in it.

        Args:
            crs: The CRS; the result is kept for further scenes of it.

        Returns:
            The geometries of shapely.

        Raises:
            DataError: If there is no way from the CRS of the labels to this one.
        """
        from pyproj.exceptions import CRSError, ProjError

        if crs not in self._places:
            try:
                shapes = np.array(self.frame.geometry.to_crs(crs), object)
            except (CRSError, ProjError) as error:
                raise DataError(
                    f'cannot bring {self.path} from {self.frame.crs.to_string()} to {crs} '
                    f'({error}): reproject it in QGIS, or correct the CRS of the scenes'
                ) from error
            shapes[~np.isfinite(shapely.bounds(shapes)).all(1)] = shapely.Polygon()
            self._places[crs] = shapes
        return self._places[crs]


def read_labels(
    path: str | Path,
    column: str,
    classes: Sequence[str] | None = None,
    crs: str | None = None,
    layer: str | None = None,
) -> VectorLabels:
    """Read polygons and points with their classes.

    Args:
        path: GeoPackage, GeoJSON, Shapefile, or what else GDAL reads.
        column: Column of the class: names, or whole numbers, which then are the names.
        classes: Names in the order of their ids; None for those of the file, sorted.
        crs: CRS of the coordinates, such as 'EPSG:32643'; None for that of the file.
        layer: Name of the layer; may be None where there is one.

    Returns:
        The labels.

    Raises:
        DataError: If the file cannot be read, has no such layer or column, no known CRS, a class
            that is not listed, or no feature to burn.
        ConfigError: If geopandas is missing.
    """
    frame = _read(str(path), layer)
    notes: list[str] = []
    if column not in frame.columns or column == frame.geometry.name:
        there = [str(name) for name in frame.columns if name != frame.geometry.name]
        raise DataError(f'{path} has no column {column!r}, choose one of {there}')
    frame = _with_crs(frame, path, crs, notes)
    names = class_names(frame[column], path)
    kinds = frame.geometry.geom_type
    unusable = (
        (frame.geometry.isna() | frame.geometry.is_empty, 'have no geometry'),
        (names == '', f'have no class in {column!r}'),
        (~kinds.isin(POLYGONS + POINTS), 'are neither polygons nor points: buffer lines in QGIS'),
    )
    left = names.notna()
    for wrong, text in unusable:
        if (wrong & left).any():
            notes.append(f'{_features(frame[wrong & left])} of {path} {text}; left out')
        left &= ~wrong
    frame, names = frame[left], names[left]
    if frame.empty:
        raise DataError(f'{path} has no polygon or point with a class: {"; ".join(notes)}')
    invalid = ~frame.geometry.is_valid
    if invalid.any():
        notes.append(
            f'{_features(frame[invalid])} of {path} are invalid, such as crossing themselves; '
            'burnt as QGIS shows them: correct them by its tool "Fix geometries"'
        )
    listed, ids = class_ids(names, classes, path)
    if unused := [name for i, name in enumerate(listed) if not (ids == i).any()]:
        notes.append(f'{path} has no feature of the classes {unused}')
    result = frame.geometry.to_frame('geometry').assign(class_id=ids)
    return VectorLabels(str(path), result, listed, notes)


def import_geopandas() -> Any:
    """Import geopandas, or raise ConfigError that names the extra with it."""
    try:
        import geopandas
        import pyogrio  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f'polygons need geopandas and pyogrio ({error}): pip install "glcnet-plugin[vector]"'
        ) from error
    return geopandas


def _read(path: str, layer: str | None) -> Any:
    """All features of a layer, with their ids as index."""
    geopandas = import_geopandas()
    import pyogrio

    if not is_virtual(path) and not Path(path).exists():
        raise DataError(f'cannot open the labels {path}: no such file')
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if layer not in layers and (layer is not None or len(layers) != 1):
            raise DataError(f'{path} has the layers {layers}: choose one of them by --layer')
        frame = geopandas.read_file(path, engine='pyogrio', layer=layer, fid_as_index=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise DataError(f'cannot read the labels {path}: {error}') from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise DataError(f'{path} is a table without geometries: choose a layer of polygons')
    return frame


def _with_crs(frame: Any, path: str | Path, crs: str | None, notes: list[str]) -> Any:
    """The features with a CRS that can be theirs."""
    from pyproj.exceptions import CRSError

    if crs is not None:
        before = frame.crs
        try:
            frame = frame.set_crs(crs, allow_override=True)
        except CRSError as error:
            raise DataError(f'--crs {crs} is no CRS ({error}): give one like EPSG:32643') from error
        if before is not None and before != frame.crs:
            notes.append(f'{path} says its CRS is {before.to_string()}, {crs} was given and taken')
    if frame.crs is None:
        raise DataError(
            f'the CRS of {path} is not known (a Shapefile needs its .prj): give it, such as '
            '--crs EPSG:32643, or set it in QGIS'
        )
    bounds = frame.total_bounds
    if frame.crs.is_geographic and (abs(bounds) > 360).any():
        raise DataError(
            f'{path} is in degrees ({frame.crs.to_string()}), but has coordinates up to '
            f'{max(abs(bounds)):.0f}: give the CRS in which they are, such as --crs EPSG:32643'
        )
    return frame


def _features(frame: Any) -> str:
    """Number of features, and the ids of the first."""
    return features_text(frame.index.tolist())


def features_text(ids: Sequence[int]) -> str:
    """Number of features, and the ids of the first, as text."""
    more = ', ...' if len(ids) > 5 else ''
    return f'{len(ids)} feature(s) (id {", ".join(map(str, ids[:5]))}{more})'
