"""Ends of a suite: in order, at once, and by force."""

import random
import signal
import threading
import time
import uuid

import grpc


def test_a_second_signal_ends_it_at_once(start):
    suite = start("shutdown.delay=5m")
    suite.process.send_signal(signal.SIGTERM)
    suite.wait_for(lambda: '"message":"ending"' in suite.text)
    # It is alive and says that it will not serve for long, so that load balancers go elsewhere.
    suite.wait_for(lambda: suite.ready()[0] == 503)
    assert "the role is ending" in suite.ready()[1]
    assert suite.stop(signal.SIGTERM) == 143


def test_calls_in_hand_are_done_before_the_end(start, gateway):
    suite = start("shutdown.delay=500ms")
    notes = gateway(suite)
    done, refused = [], []

    def work():
        while True:
            try:
                done.append(notes.create("x").name)
            except grpc.RpcError as error:
                refused.append(error.code())
                return

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    suite.wait_for(lambda: len(done) > 20)
    assert suite.stop() == 0
    for worker in workers:
        worker.join()
    assert set(refused) == {grpc.StatusCode.UNAVAILABLE}
    again = start()
    assert {note.name for note in gateway(again).all_notes()} == set(done)


def test_what_was_acknowledged_is_there_after_kill_9(start, gateway):
    """Five times: writes from several callers, a kill in their midst, and the same requests again."""
    acknowledged, asked = {}, {}
    for _ in range(5):
        suite = start()
        notes = gateway(suite)
        # What was asked before and not answered may have happened or not: asked again, it has happened once.
        for request_id, text in list(asked.items()):
            acknowledged[request_id] = notes.create(text, request_id).name
            del asked[request_id]
        lock = threading.Lock()

        def work():
            while True:
                request_id, text = str(uuid.uuid4()), f"note {random.random()}"
                with lock:
                    asked[request_id] = text
                try:
                    name = notes.create(text, request_id).name
                except grpc.RpcError:
                    return
                with lock:
                    acknowledged[request_id] = name
                    del asked[request_id]

        workers = [threading.Thread(target=work) for _ in range(4)]
        before = len(acknowledged)
        for worker in workers:
            worker.start()
        suite.wait_for(lambda: len(acknowledged) > before + 30)
        time.sleep(random.random() / 20)
        suite.kill()
        for worker in workers:
            worker.join()
    suite = start()
    notes = gateway(suite)
    for request_id, text in asked.items():
        acknowledged[request_id] = notes.create(text, request_id).name
    names = [note.name for note in notes.all_notes()]
    assert len(names) == len(set(names))
    assert set(names) == set(acknowledged.values())
    # Each with its job done and its entry in the journal, once.
    suite.wait_for(lambda: len(notes.journal()) >= len(names))
    assert sorted(entry.resource for entry in notes.journal()) == sorted(names)
    suite.wait_for(lambda: all(note.HasField("word_count") for note in notes.all_notes()))
