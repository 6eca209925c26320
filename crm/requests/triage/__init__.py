"""Topic and priority of requests in free words, learned from those that this team has answered."""
