"""Work for a traced python3: JSON in threads, processes, sockets, exceptions; ends with status 3, 17 files and 5 sockets open."""
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading

digests = {}


def work(number):
    tree = {str(i * number): {"name": "x" * i, "list": list(range(i)), "nested": {"a": [1.5 * i, None, True]}} for i in range(200)}
    back = json.loads(json.dumps(tree, sort_keys=True))
    digests[number] = hashlib.sha256(json.dumps(back, sort_keys=True).encode()).hexdigest()


def serve(listener, count):
    for _ in range(count):
        connection, _peer = listener.accept()
        with connection:
            connection.sendall(connection.recv(4096).upper())


def talk(count):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, count))
        thread.start()
        for i in range(count):
            with socket.create_connection(listener.getsockname()) as connection:
                connection.sendall(b"hello %d" % i)
                print(connection.recv(4096).decode())
        thread.join()


def fork_child():
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        keep = [bytearray(1000) for _ in range(1000)]
        os._exit(len(keep) % 256)
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def fail(depth):
    if depth == 0:
        raise ValueError("deep")
    fail(depth - 1)


threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(digests.items()))
print(subprocess.run(["/bin/sh", "-c", "seq 1 1000 | sort -r | md5sum"], stdout=subprocess.PIPE, check=True).stdout)
talk(50)
fork_child()
for _ in range(200):
    try:
        fail(30)
    except ValueError as error:
        message = repr(error)
print(message, len(re.findall(r"\w+", "a b c " * 1000)), file=sys.stderr)
files = [os.open("/dev/zero", os.O_RDONLY) for _ in range(17)]
sockets = [socket.socket().detach() for _ in range(5)]
sys.exit(3)
