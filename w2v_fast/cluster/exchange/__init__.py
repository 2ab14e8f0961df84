"""How nodes add up arrays: a protocol, and a file for each means of transport."""
