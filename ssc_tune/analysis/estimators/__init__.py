"""Numpy arrays in, estimates with intervals out: the public functions. They know of no study and no claim.

Scores have points first and seeds second, and higher is better. One module a family: :mod:`variance`, :mod:`spread`,
:mod:`comparison`, :mod:`intervals`, :mod:`multiplicity` and their neighbours.
"""
