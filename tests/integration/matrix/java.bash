# program: java
# packages: openjdk-17-jdk-headless
# workload: compiles and runs a program: JIT'ed loops, threads, garbage, files, sockets, a child; HotSpot owns SIGUSR2
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

cat > "$SCRATCH/Work.java" << 'JAVA'
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

public class Work {
    static long collatz(long n) {
        long steps = 0;
        for (; n != 1; steps++) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        return steps;
    }

    static String hash(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    public static void main(String[] args) throws Exception {
        System.out.println(LongStream.range(1, 600000).map(Work::collatz).max().getAsLong());
        ExecutorService pool = Executors.newFixedThreadPool(6);
        List<Future<Integer>> parts = new ArrayList<>();
        for (int p = 0; p < 12; p++) {
            final int part = p;
            parts.add(pool.submit(() -> {
                Map<String, Integer> map = new HashMap<>();
                for (int i = 0; i < 60000; i++) map.merge("k" + (i * 31 + part) % 5000, 1, Integer::sum);
                return map.values().stream().mapToInt(Integer::intValue).sum() + map.size();
            }));
        }
        int sum = 0;
        for (Future<Integer> part : parts) sum += part.get();
        System.out.println(sum);
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            pool.submit(() -> {
                for (int i = 0; i < 200; i++)
                    try (Socket s = server.accept()) { s.getInputStream().transferTo(s.getOutputStream()); }
                return null;
            });
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = 0; i < 200; i++)
                try (Socket s = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    s.getOutputStream().write(("message " + i).getBytes());
                    s.shutdownOutput();
                    s.getInputStream().transferTo(all);
                }
            System.out.println(hash(all.toByteArray()));
        }
        pool.shutdown();
        Path file = Files.createTempFile("work", ".txt");
        Files.write(file, IntStream.range(0, 50000).mapToObj(Integer::toString).collect(Collectors.toList()));
        System.out.println(hash(Files.readAllBytes(file)) + " " + Files.lines(file).count());
        Files.delete(file);
        Process child = new ProcessBuilder("sort", "-r").start();
        try (OutputStream in = child.getOutputStream()) { in.write("a\nb\nc\n".getBytes()); }
        System.out.println(new String(child.getInputStream().readAllBytes()).replace('\n', ' ') + child.waitFor());
        try { Object[] x = new Object[1]; x[collatz(1) == 0 ? 5 : 0] = 1; } catch (ArrayIndexOutOfBoundsException e) { System.out.println(e.getMessage()); }
        try { String s = args.length > 9 ? "" : null; System.out.println(s.length()); } catch (NullPointerException e) { System.out.println("null"); }
        try { deep(0); } catch (StackOverflowError e) { System.out.println("deep"); }
        Thread.sleep(2500);
        System.exit(5);
    }

    static int deep(int n) { return deep(n + 1) + 1; }
}
JAVA
javac -d "$SCRATCH" "$SCRATCH/Work.java"
for collector in -XX:+UseSerialGC -XX:+UseG1GC; do
    java -Xmx96m "$collector" -cp "$SCRATCH" Work || echo "status $?"
done
java -version 2>&1 | grep -vc leaktrace
