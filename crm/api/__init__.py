"""The API's common ground: who asks, how often, what an answer and a problem look like. Modules bring their routers."""
