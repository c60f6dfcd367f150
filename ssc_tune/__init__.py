"""How sensitive is a semi-supervised method to its hyperparameters, and is it less so than its baseline?"""

__version__ = "0.1.0"
