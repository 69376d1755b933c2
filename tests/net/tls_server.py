"""tests/net/tls_server.py CERTIFICATE KEY [OLDEST]: an HTTPS server on a free port of 127.0.0.1, which it
prints. /redirect leads to plain http; everything else is answered with 200 and the path. OLDEST is
a version of TLS that the server does not go beyond."""
import http.server
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            body = b""
        else:
            self.send_response(200)
            body = self.path.encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
if len(sys.argv) > 3:
    context.minimum_version = context.maximum_version = ssl.TLSVersion[sys.argv[3]]
    context.set_ciphers("ALL:@SECLEVEL=0")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()
