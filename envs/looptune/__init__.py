"""LoopTune: order, split and annotate the loops of a tensor contraction so that it runs fast.
"""
