"""What runs on a Linux host, as root: the only things that our actions can do there.

Standard library only, Python 3.8 or newer. `integrations.linux.program` makes one text of these modules, which
is either installed on the host (then its sudo rule allows it and nothing else) or sent over the connection.
It reads requests as JSON, one a line, on its standard input, and answers each with a line. No text of a request
ever becomes part of a command line that a shell reads.
"""
