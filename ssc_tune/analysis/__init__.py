"""From tables of results to estimates, intervals and verdicts. No torch, Ray or MLflow; higher scores are better.

``estimators`` (arrays) below ``measures`` (claims) below ``judge`` (verdicts); ``explore`` decides nothing. The
functions in ``estimators`` are public.
"""
