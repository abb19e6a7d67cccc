"""What a busy machine does to times that are measured on it."""

import threading
import time


class Stalls(threading.Thread):
    """When this machine let a thread that wanted to run wait, and for how long: what nginx was late by, too."""

    PAUSE = 0.01

    def __init__(self):
        super().__init__(daemon=True)
        self.found, self.ended = [], threading.Event()
        self.start()

    def run(self):
        while not self.ended.is_set():
            begin = time.time()
            time.sleep(self.PAUSE)
            if (late := time.time() - begin - self.PAUSE) > self.PAUSE:
                self.found.append((begin, begin + self.PAUSE + late, late))

    def between(self, begin, end):
        return sum(late for start, stop, late in self.found if start < end and stop > begin)
