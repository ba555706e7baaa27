"""How training scales with the number of runners: a discrete-event model fed with measured times."""
