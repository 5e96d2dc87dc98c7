"""How the shipped model is made: data, training, calibration, export, evaluation."""
