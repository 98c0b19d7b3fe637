# program: memcached
# packages: memcached python3
# workload: 4 threads serve 8 clients at once: set, get, incr, cas, delete, eviction in 8 MB; all answers checked
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

PORT=$(free_port)
cat > "$SCRATCH/client.py" << 'CLIENT'
import socket, sys, threading

port = int(sys.argv[1])
answers = [None] * 8


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rwb")

    def ask(self, line, data=None):
        self.file.write(line.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
        self.file.flush()
        return self.file.readline().strip().decode()

    def get(self, key):
        head = self.ask("gets " + key)
        if head == "END":
            return None
        size, unique = head.split()[3:5]
        data = self.file.read(int(size) + 2)[:-2]
        assert self.file.readline() == b"END\r\n"
        return data, unique


def work(number):
    client, good = Client(), 0
    for i in range(1000):
        key, value = "k%d.%d" % (number, i % 200), (b"%d" % i) * (i % 50)
        good += client.ask("set %s 0 0 %d" % (key, len(value)), value) == "STORED"
        found = client.get(key)
        good += found is not None and found[0] == value
        good += client.ask("incr counter 1").isdigit()
        if i % 10 == 0:
            good += client.ask("cas %s 0 0 1 %s" % (key, found[1]), b"c") == "STORED"
            good += client.ask("cas %s 0 0 1 %s" % (key, found[1]), b"d") == "EXISTS"
            good += client.ask("delete " + key) == "DELETED"
            good += client.get(key) is None
    answers[number] = good


first = Client()
print(first.ask("set counter 0 0 1", b"0"))
threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(answers, first.get("counter")[0])
for i in range(3000):
    first.ask("set big%d 0 0 10000" % i, b"x" * 10000)
print(first.get("big2999")[0] == b"x" * 10000, first.get("big0") is None)
CLIENT
user=()
if [ "$(id -u)" = 0 ]; then
    user=(-u root)
fi
begin memcached "${user[@]}" -l 127.0.0.1 -p "$PORT" -U 0 -t 4 -m 8
listens() { exec 9<> "/dev/tcp/127.0.0.1/$PORT"; }
eventually listens
/usr/bin/python3 "$SCRATCH/client.py" "$PORT"
sleep 2
kill -TERM "$BEGUN"
finish "$BEGUN"
