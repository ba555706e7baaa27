"""Statements become instructions: operands, prices, and the part of instruction selection that targets share."""
