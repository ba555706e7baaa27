"""From code to a score: jumps, frame, parameters, what lives on the stack; the plain way for one method."""
