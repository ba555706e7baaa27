"""The parts of the printer; see ``printer``."""
