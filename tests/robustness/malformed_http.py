"""Bytes that are no proper HTTP request, and that a server answers all the same."""

from collections.abc import Mapping


def malformed(port: int, target: str) -> Mapping[str, bytes]:
    """Return bytes by what is wrong with them; `target` is a path that the API knows."""
    host = f"Host: 127.0.0.1:{port}\r\n".encode()
    path = target.encode()
    get, put = b"GET " + path + b" HTTP/1.1\r\n", b"PUT " + path + b" HTTP/1.1\r\n"
    json = host + b"Content-Type: application/json\r\n"
    return {
        "no request line": b"\r\n\r\n\r\n\r\nnothing\r\n\r\n",
        "one word": b"GET\r\n\r\n",
        "no version": b"GET " + path + b"\r\n" + host + b"\r\n",
        "version of the future": b"GET " + path + b" HTTP/9.9\r\n" + host + b"\r\n",
        "version that is none": b"GET " + path + b" HTTP/one\r\n" + host + b"\r\n",
        "not http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "binary": bytes(range(256)) + b"\r\n\r\n",
        "null bytes": b"\0" * 64 + b"\r\n\r\n",
        "null byte in the path": b"GET /\0 HTTP/1.1\r\n" + host + b"\r\n",
        "null byte in a header": get + host + b"X-Odd: a\0b\r\n\r\n",
        "space in the path": b"GET /a b c HTTP/1.1\r\n" + host + b"\r\n",
        "bytes beyond ascii in the path": b"GET /\xff\xfe\xe4 HTTP/1.1\r\n" + host + b"\r\n",
        "half an escape": b"GET /%e4%zz%2 HTTP/1.1\r\n" + host + b"\r\n",
        "whole url": b"GET http://127.0.0.1:1/else HTTP/1.1\r\n" + host + b"\r\n",
        "asterisk": b"OPTIONS * HTTP/1.1\r\n" + host + b"\r\n",
        "connect": b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n" + host + b"\r\n",
        "trace": b"TRACE " + path + b" HTTP/1.1\r\n" + host + b"\r\n",
        "unknown method": b"BREW " + path + b" HTTP/1.1\r\n" + host + b"\r\n",
        "method in small letters": b"get " + path + b" HTTP/1.1\r\n" + host + b"\r\n",
        "no host": get + b"\r\n",
        "two hosts": get + host + b"Host: elsewhere\r\n\r\n",
        "empty host": get + b"Host: \r\n\r\n",
        "host that is none": get + b"Host: [::1\r\n\r\n",
        "header without a colon": get + host + b"what is this\r\n\r\n",
        "header without a name": get + host + b": value\r\n\r\n",
        "header with a space in its name": get + host + b"X Odd: 1\r\n\r\n",
        "folded header": get + host + b"X-Odd: 1\r\n  2\r\n\r\n",
        "long path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
        "long header": get + host + b"X-Odd: " + b"a" * 300_000 + b"\r\n\r\n",
        "endless header": get + host + b"X-Odd: " + b"a" * 3_000_000,
        "many headers": get + host + b"".join(b"X-%d: 1\r\n" % n for n in range(20_000)) + b"\r\n",
        "length that is no number": put + json + b"Content-Length: many\r\n\r\n{}",
        "negative length": put + json + b"Content-Length: -1\r\n\r\n{}",
        "length beyond 64 bits": put + json + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        "two lengths": put + json + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}",
        "length and chunks": put + json + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "length too great": put + json + b"Content-Length: 50\r\n\r\n{}",
        "length announced, nothing sent": put + json + b"Content-Length: 50\r\n\r\n",
        "length of a terabyte": put + json + b"Content-Length: 1099511627776\r\n\r\n{}",
        "chunk size that is no number": put
        + json
        + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "chunk cut": put + json + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{}",
        "chunk shorter than it says": put + json + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        "last chunk missing": put + json + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "unknown transfer coding": put + json + b"Transfer-Encoding: smoke\r\n\r\n{}",
        "head cut in a header": get + host + b"X-Odd: 1",
        "head cut in the request line": b"GET " + path,
        "expect something": put + json + b"Expect: the-unexpected\r\nContent-Length: 2\r\n\r\n{}",
        "upgrade": get + host + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "upgrade to http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    }
