"""Trainings started elsewhere than in this terminal: in the background here, or as a SLURM job of one node or many.

A launch makes the run folder, writes into its ``launch/`` what it is going to do (for SLURM a batch script that can be
submitted again by hand), and starts it. Ray distributes, SLURM allots; this room joins them and keeps the books.
"""
