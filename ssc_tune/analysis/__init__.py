"""From tables of results to estimates, intervals and verdicts. No torch, Ray or MLflow; higher scores are better.

The array functions are public: :mod:`variance`, :mod:`spread`, :mod:`comparison`, :mod:`intervals`,
:mod:`multiplicity` and their neighbours take numpy arrays with points first and seeds second.
"""
