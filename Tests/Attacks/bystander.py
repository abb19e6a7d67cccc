"""A well-behaved client: calls one after the other over one channel; a line of input asks how the last ones went."""

import json
import sys
import threading
import time

import grpc


def encode(text):
    text = text.encode()
    return b"\x0a" + bytes([len(text)]) + text


def main(port, ca):
    if ca:
        credentials = grpc.ssl_channel_credentials(open(ca, "rb").read())
        channel = grpc.secure_channel(f"localhost:{port}", credentials)
    else:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    say = channel.unary_unary("/echo.EchoService/Say")
    lock, times, errors = threading.Lock(), [], []

    def call_on():
        while True:
            start = time.perf_counter()
            try:
                answer = say(encode("hello"), timeout=3)
                problem = None if answer == encode("hello") else f"a wrong answer: {answer!r}"
            except grpc.RpcError as error:
                problem = f"{error.code().name}: {error.details()}"
            with lock:
                times.append(time.perf_counter() - start)
                if problem:
                    errors.append(problem)
            # Some hundreds of calls a second: a neighbour, not a load test.
            time.sleep(0.002)

    threading.Thread(target=call_on, daemon=True).start()
    for _ in sys.stdin:
        with lock:
            sample, found = sorted(times), list(errors)
            times.clear()
            errors.clear()
        at = lambda share: sample[int(share * (len(sample) - 1))] * 1000 if sample else None
        report = {"calls": len(sample), "p50": at(0.5), "p99": at(0.99), "max": at(1), "errors": found}
        print(json.dumps(report), flush=True)


main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
