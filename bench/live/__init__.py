"""Commit to frame: the product's sockets beside a bare server's, counted from the commit's acknowledgement."""
