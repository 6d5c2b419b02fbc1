"""Where messages come from, and where replies go.

Messages: files that somebody exported (`listening.files`). Replies: the Connector protocol
(`listening.connector`) and the networks that keep it (`listening.connectors`).
"""
