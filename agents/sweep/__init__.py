"""Sweeps: many trainings of one experiment with settings drawn from ranges, the poor ones ended early.

Ray Tune draws, schedules and resumes; every training is a run folder of its own, as ``gymcc train`` makes them.
"""
