"""Results of a study as records and CSV."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from glcnet_plugin.study.report.differences import Difference
from glcnet_plugin.study.report.summary import SHOWN, Row
from glcnet_plugin.study.settings import Study


def csv_table(study: Study, rows: Iterable[Row]) -> str:
    """One line per row, with all numbers."""
    table = pd.DataFrame(records(study, rows))
    return str(table.to_csv(index=False, float_format='%.4f', lineterminator='\n'))


def records(study: Study, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One record per row, with all numbers; None where there is none."""
    return [
        {
            'kind': row.kind,
            'method': row.method,
            'network': study.methods[row.method].network,
            'labelled_tiles': row.labels,
            'seeds': row.seeds,
            **{f'{name}_{part}': value for name in SHOWN
               for part, value in (('mean', row.mean(name)), ('std', row.deviation(name)))},
            **_columns('start', row.against_start),
            **_columns('best', row.against_best),
        }
        for row in rows
    ]  # fmt: skip


def _columns(prefix: str, one: Difference | None) -> dict[str, object]:
    """A difference as columns; empty without one."""
    low, high = (one and one.interval) or (None, None)
    values = {
        'other': one and one.other, 'difference': one and one.mean, 'low': low, 'high': high,
        'p': one and one.p_value, 'p_holm': one and one.adjusted,
        'detectable': one and one.detectable, 'verdict': one and one.verdict,
    }  # fmt: skip
    return {f'{prefix}_{name}': value for name, value in values.items()}
