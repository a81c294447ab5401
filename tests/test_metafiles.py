"""The metafiles say what the configs say, and mim reads them."""

from collections import Counter
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[1]
METAFILES = sorted((ROOT / 'configs').rglob('metafile.yml'))
MODELS = [model for path in METAFILES for model in yaml.safe_load(path.read_text())['Models']]


def test_index_imports_every_metafile_once():
    imported = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    assert sorted(imported) == sorted(str(path.relative_to(ROOT)) for path in METAFILES)


def test_every_pretraining_config_is_listed_once():
    leaves = [
        p
        for name in ('glcnet', 'baselines', 'variants')
        for p in (ROOT / 'configs' / name).rglob('*.py')
    ]
    listed = Counter(model['Config'] for model in MODELS)
    assert listed == Counter(str(path.relative_to(ROOT)) for path in leaves)
    assert [model['Name'] for model in MODELS] == [Path(m['Config']).stem for m in MODELS]


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_length_and_batch_size_are_those_of_the_config(model):
    cfg = Config.fromfile(ROOT / model['Config'])
    assert model['Metadata']['Batch Size'] == cfg.train_dataloader.batch_size
    assert model['Metadata'].get('Epochs') == cfg.train_cfg.get('max_epochs')
    assert model['Metadata'].get('Iterations') == cfg.train_cfg.get('max_iters')


def test_the_reader_of_mim_search_parses_the_index():
    from modelindex.load_model_index import load

    index = load(str(ROOT / 'model-index.yml'))
    index.build_models_with_collections()
    assert sorted(model.name for model in index.models) == sorted(m['Name'] for m in MODELS)
    named = {collection.name for collection in index.collections}
    assert {model['In Collection'] for model in MODELS} == named
