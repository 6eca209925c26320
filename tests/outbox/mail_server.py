"""A mail server on this machine that keeps what it is given; it may say no, or be slow to say yes."""

import socketserver
import threading
from email import message_from_bytes
from email.policy import default


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                return self.say("221 bye")
            if verb == b"RCPT":
                self.say(self.server.says_of_recipients)
            elif verb == b"DATA":
                self.say("354 go on")
                self.take()
                self.say("250 kept")
            else:
                self.say("250 well")
        return None

    def take(self):
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.mails.append(message_from_bytes(b"".join(lines), policy=default))
        self.server.has_mail.set()
        self.server.goes_on.wait(30)

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """`.mails`; `.goes_on.clear()` keeps it from saying that it has what it was given."""

    daemon_threads = True
    says_of_recipients = "250 well"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.port = self.server_address[1]
        self.mails = []
        self.has_mail, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def end(self):
        self.goes_on.set()
        self.shutdown()
        self.server_close()
