"""The environments, one folder per compiler, all with the same rooms inside."""
