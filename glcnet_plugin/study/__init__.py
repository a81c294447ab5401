"""Is pretraining worth it for my data: studies that compare initialisations.

:mod:`settings` reads what a study says, :mod:`plan` lists its cells, :mod:`cells` runs one,
:mod:`runner` runs all, :mod:`statistics`, :mod:`summary` and :mod:`report` say what came out.
"""
