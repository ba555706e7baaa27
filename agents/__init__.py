"""What decides: searches over bare problems, trained policies, and the RLlib training that makes them."""
