"""Curves, shares and further facts, for figures. None of it decides a claim."""
