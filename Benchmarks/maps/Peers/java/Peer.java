// Java's maps under the workload of ../../README.md.

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.function.LongFunction;

public final class Peer {
  // --- The workload ------------------------------------------------------------------------------

  static long mix64(long x) {
    x += 0x9e3779b97f4a7c15L;
    x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }

  static long xorshift(long x) {
    x ^= x << 13;
    x ^= x >>> 7;
    return x ^ (x << 17);
  }

  /** Of the calling thread, so that the collector's and the compiler's time is not counted. */
  static long threadTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  record Mix(int gets, int puts, int spread, boolean zipf, boolean hot) {}

  static final Map<String, Mix> MIXES = Map.of(
      "get100", new Mix(100, 0, 1, false, false), "get95", new Mix(95, 5, 1, false, false),
      "get50", new Mix(50, 50, 1, false, false), "mix80", new Mix(80, 10, 2, false, false),
      "zget100", new Mix(100, 0, 1, true, false), "zget95", new Mix(95, 5, 1, true, false),
      "hot", new Mix(0, 100, 1, false, true));

  static final int ZIPF_LENGTH = 1 << 20;

  static int[] zipfIndices(int n) {
    double[] sums = new double[n];
    double sum = 0;
    for (int i = 0; i < n; i++) sums[i] = sum += Math.pow(i + 1, -0.99);
    int[] indices = new int[ZIPF_LENGTH];
    long x = 0x2545f4914f6cdd1dL;
    for (int i = 0; i < ZIPF_LENGTH; i++) {
      x = xorshift(x);
      int at = Arrays.binarySearch(sums, (x >>> 11) / (double) (1L << 53) * sum);
      indices[i] = Math.min(n - 1, at < 0 ? -at - 1 : at);
    }
    return indices;
  }

  /** A key that is an object of the program's own. */
  static final class Id {
    final long number;

    Id(long number) { this.number = number; }

    @Override public int hashCode() { return Long.hashCode(number); }

    @Override public boolean equals(Object other) { return other instanceof Id id && id.number == number; }
  }

  /** A value that is an object of the program's own. */
  static final class Box {
    final long number;

    Box(long number) { this.number = number; }
  }

  static final class Part {
    long ops, gets, hits, sum, cpu, start, end;
  }

  /** What differs between kinds of keys and values. */
  interface Kind<K, V> {
    K key(long index);
    V value(long number);
    long number(V value);
  }

  static <K, V> Part work(Map<K, V> map, Kind<K, V> kind, Mix mix, int n, int[] zipf, int thread, long window) {
    Part part = new Part();
    long x = mix64(thread + 1) | 1, range = (long) n * mix.spread;
    long at = Long.remainderUnsigned(x, ZIPF_LENGTH);
    part.start = System.nanoTime();
    long begin = threadTime();
    do {
      for (int i = 0; i < 1024; i++) {
        x = xorshift(x);
        long index = mix.hot ? 0
            : mix.zipf ? zipf[(int) (at++ & (ZIPF_LENGTH - 1))]
            : ((x >>> 32) * range) >>> 32;
        long choice = ((x & 0xffffffffL) * 100) >>> 32;
        if (choice < mix.gets) {
          V value = map.get(kind.key(index));
          if (value != null) {
            part.hits++;
            part.sum += kind.number(value);
          }
          part.gets++;
        } else if (choice < mix.gets + mix.puts) {
          map.put(kind.key(index), kind.value(x));
        } else {
          map.remove(kind.key(index));
        }
      }
      part.ops += 1024;
      part.cpu = threadTime() - begin;
    } while (part.cpu < window);
    part.end = System.nanoTime();
    return part;
  }

  static <K, V> Part[] together(
      Map<K, V> map, Kind<K, V> kind, Mix mix, int n, int[] zipf, int threads, long window) throws Exception {
    Part[] parts = new Part[threads];
    Thread[] running = new Thread[threads];
    CyclicBarrier line = new CyclicBarrier(threads);
    for (int t = 0; t < threads; t++) {
      int thread = t;
      running[t] = new Thread(() -> {
        try {
          line.await();
        } catch (Exception broken) {
          throw new IllegalStateException(broken);
        }
        parts[thread] = work(map, kind, mix, n, zipf, thread, window);
      });
      running[t].start();
    }
    for (Thread thread : running) thread.join();
    return parts;
  }

  static <K, V> void cells(
      Map<K, V> map, LongFunction<K> makeKey, Kind<K, V> kind, int n, long window, long warmup, String[] names)
      throws Exception {
    for (int i = 0; i < n; i++) map.put(makeKey.apply(i), kind.value(i));
    int[] zipf = zipfIndices(n);
    for (String name : names) {
      String[] split = name.split(":");
      Mix mix = MIXES.get(split[0]);
      int threads = Integer.parseInt(split[1]);
      // In several entries: the compiler's best code for a loop is only entered from its start.
      for (int i = 0; i < 10; i++) together(map, kind, mix, n, zipf, threads, warmup / 10);
      Part[] parts = together(map, kind, mix, n, zipf, threads, window);
      StringBuilder text = new StringBuilder();
      long start = Long.MAX_VALUE, end = Long.MIN_VALUE, sum = 0;
      for (Part p : parts) {
        text.append(text.isEmpty() ? "" : ",").append(String.format(
            "{\"ops\":%d,\"gets\":%d,\"hits\":%d,\"cpu_ns\":%d}", p.ops, p.gets, p.hits, p.cpu));
        start = Math.min(start, p.start);
        end = Math.max(end, p.end);
        sum += p.sum;
      }
      System.out.printf("{\"cell\":\"%s\",\"threads\":[%s],\"wall_ns\":%d,\"sum\":%s}%n",
          name, text, end - start, Long.toUnsignedString(sum));
    }
  }

  // --- Growing from empty ------------------------------------------------------------------------

  static long liveBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  static void grow(Map<Long, Long> map, int n) {
    long[] histogram = new long[64]; // index: the bit length of the nanoseconds
    long worst = 0, before = liveBytes();
    StringBuilder memory = new StringBuilder();
    long begin = threadTime(), last = begin;
    for (int i = 0; i < n; i++) {
      map.put(mix64(i), (long) i);
      long now = threadTime(), spent = now - last;
      histogram[64 - Long.numberOfLeadingZeros(spent | 1)]++;
      worst = Math.max(worst, spent);
      last = now;
      if ((i + 1) % Math.max(n / 10, 1) == 0) { // each look collects garbage: few of them
        memory.append(memory.isEmpty() ? "" : ",").append("[" + (i + 1) + "," + (liveBytes() - before) + "]");
        last = threadTime();
      }
    }
    System.out.printf("{\"cell\":\"grow\",\"n\":%d,\"cpu_ns\":%d,\"worst_ns\":%d,\"memory\":[%s],\"histogram\":%s}%n",
        n, last - begin, worst, memory, Arrays.toString(histogram).replace(" ", ""));
    if (map.size() != n) throw new IllegalStateException();
  }

  static <K, V> Map<K, V> make(String name) {
    return switch (name) {
      case "chm" -> new ConcurrentHashMap<>();
      case "hashmap" -> new HashMap<>();
      default -> throw new IllegalArgumentException("no such map: " + name);
    };
  }

  static String text(long index) {
    return String.format("%016x", mix64(index));
  }

  public static void main(String[] arguments) throws Exception {
    String name = arguments[0], keys = arguments[1];
    int n = Integer.parseInt(arguments[2]);
    if (keys.equals("grow")) {
      grow(make(name), n);
      return;
    }
    long window = Long.parseLong(arguments[3]) * 1_000_000, warmup = Long.parseLong(arguments[4]) * 1_000_000;
    String[] cells = Arrays.copyOfRange(arguments, 5, arguments.length);
    switch (keys) {
      case "int" -> cells(Peer.<Long, Long>make(name), Peer::mix64, new Kind<Long, Long>() {
        public Long key(long index) { return mix64(index); }
        public Long value(long number) { return number; }
        public long number(Long value) { return value; }
      }, n, window, warmup, cells);
      case "str" -> {
        String[] queries = new String[2 * n]; // apart from the map's own strings
        for (int i = 0; i < queries.length; i++) queries[i] = text(i);
        cells(Peer.<String, Long>make(name), Peer::text, new Kind<String, Long>() {
          public String key(long index) { return queries[(int) index]; }
          public Long value(long number) { return number; }
          public long number(Long value) { return value; }
        }, n, window, warmup, cells);
      }
      case "ref" -> {
        Id[] queries = new Id[2 * n];
        for (int i = 0; i < queries.length; i++) queries[i] = new Id(mix64(i));
        cells(Peer.<Id, Box>make(name), i -> new Id(mix64(i)), new Kind<Id, Box>() {
          public Id key(long index) { return queries[(int) index]; }
          public Box value(long number) { return new Box(number); }
          public long number(Box value) { return value.number; }
        }, n, window, warmup, cells);
      }
      default -> throw new IllegalArgumentException(keys);
    }
  }
}
