"""Studies that compare initialisations under one protocol.

:mod:`settings` reads a study, :mod:`context` adds its tiles and the jobs of :mod:`plan`, :mod:`run`
runs the jobs, :mod:`report` summarises them, and :mod:`main` does all of it.
"""
