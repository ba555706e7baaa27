"""Instruction selection and costs of the targets: x64 and Arm."""
