// C++ maps under the workload of ../../README.md. Each map is an adaptor with get, put and remove;
// everything else is common to them.

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#ifdef WITH_TBB
#include <tbb/concurrent_hash_map.h>
#endif
#ifdef WITH_ABSEIL
#include <absl/container/flat_hash_map.h>
#endif
#ifdef WITH_BOOST
#include <boost/unordered/concurrent_flat_map.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#endif

using Key = uint64_t;

// --- The workload --------------------------------------------------------------------------------

static uint64_t mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

static uint64_t xorshift(uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}

static int64_t nanoseconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

template <class K> K makeKey(uint64_t i);
template <> uint64_t makeKey(uint64_t i) { return mix64(i); }
template <> std::string makeKey(uint64_t i) {
  char text[17];
  snprintf(text, sizeof text, "%016llx", (unsigned long long)mix64(i));
  return std::string(text, 16);
}

struct Mix {
  const char *name;
  unsigned gets, puts;  // out of 100; the rest removes
  unsigned spread;      // keys drawn from spread * N
  bool zipf, hot;
};

static const Mix mixes[] = {
    {"get100", 100, 0, 1, false, false}, {"get95", 95, 5, 1, false, false},
    {"get50", 50, 50, 1, false, false},  {"mix80", 80, 10, 2, false, false},
    {"zget100", 100, 0, 1, true, false}, {"zget95", 95, 5, 1, true, false},
    {"hot", 0, 100, 1, false, true},
};

static constexpr size_t zipfLength = 1 << 20;
static std::vector<uint32_t> zipfIndices(size_t n) {
  std::vector<double> sums(n);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sums[i] = sum += std::pow(double(i + 1), -0.99);
  std::vector<uint32_t> indices(zipfLength);
  uint64_t x = 0x2545f4914f6cdd1d;
  for (auto &index : indices) {
    x = xorshift(x);
    double u = double(x >> 11) / double(1ull << 53) * sum;
    index = uint32_t(std::min<size_t>(n - 1, std::lower_bound(sums.begin(), sums.end(), u) - sums.begin()));
  }
  return indices;
}

// Query keys of integers are computed, those of strings are stored apart from the map's.
template <class K> struct Queries {
  Queries(size_t) {}
  K operator[](uint64_t i) const { return makeKey<K>(i); }
};
template <> struct Queries<std::string> {
  std::vector<std::string> keys;
  Queries(size_t count) {
    for (size_t i = 0; i < count; i++) keys.push_back(makeKey<std::string>(i));
  }
  const std::string &operator[](uint64_t i) const { return keys[i]; }
};

struct Part {
  uint64_t ops = 0, gets = 0, hits = 0, sum = 0;
  int64_t cpu = 0, start = 0, end = 0;
};

template <class Map, class K>
static Part work(Map &map, const Queries<K> &keys, const Mix &mix, size_t n,
                 const std::vector<uint32_t> &zipf, unsigned thread, int64_t window) {
  Part part;
  uint64_t x = mix64(thread + 1) | 1, range = n * mix.spread, at = x % zipfLength;
  part.start = nanoseconds(CLOCK_MONOTONIC);
  int64_t begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  do {
    for (int i = 0; i < 1024; i++) {
      x = xorshift(x);
      uint64_t index = mix.hot ? 0 : mix.zipf ? zipf[at++ & (zipfLength - 1)] : ((x >> 32) * range) >> 32;
      unsigned choice = unsigned(((x & 0xffffffff) * 100) >> 32);
      if (choice < mix.gets) {
        uint64_t value = 0;
        part.hits += map.get(keys[index], value);
        part.sum += value;
        part.gets++;
      } else if (choice < mix.gets + mix.puts) {
        map.put(keys[index], x);
      } else {
        map.remove(keys[index]);
      }
    }
    part.ops += 1024;
    part.cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin;
  } while (part.cpu < window);
  part.end = nanoseconds(CLOCK_MONOTONIC);
  return part;
}

template <class Map, class K>
static std::vector<Part> together(Map &map, const Queries<K> &keys, const Mix &mix, size_t n,
                                  const std::vector<uint32_t> &zipf, unsigned threads, int64_t window) {
  std::vector<Part> parts(threads);
  std::barrier line(threads);
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; t++)
    running.emplace_back([&, t] {
      line.arrive_and_wait();
      parts[t] = work(map, keys, mix, n, zipf, t, window);
    });
  for (auto &thread : running) thread.join();
  return parts;
}

static void print(const char *cell, const std::vector<Part> &parts) {
  printf("{\"cell\":\"%s\",\"threads\":[", cell);
  int64_t start = INT64_MAX, end = 0;
  uint64_t sum = 0;
  for (size_t i = 0; i < parts.size(); i++) {
    auto &p = parts[i];
    printf("%s{\"ops\":%llu,\"gets\":%llu,\"hits\":%llu,\"cpu_ns\":%lld}", i ? "," : "",
           (unsigned long long)p.ops, (unsigned long long)p.gets, (unsigned long long)p.hits, (long long)p.cpu);
    start = std::min(start, p.start), end = std::max(end, p.end), sum += p.sum;
  }
  printf("],\"wall_ns\":%lld,\"sum\":%llu}\n", (long long)(end - start), (unsigned long long)sum);
}

template <class Map, class K>
static void cells(size_t n, int64_t window, int64_t warmup, int count, char **names) {
  Map map;
  for (size_t i = 0; i < n; i++) map.put(makeKey<K>(i), i);
  Queries<K> keys(2 * n);
  auto zipf = zipfIndices(n);
  for (int c = 0; c < count; c++) {
    std::string name = names[c];
    auto colon = name.find(':');
    unsigned threads = atoi(name.c_str() + colon + 1);
    auto mix = std::find_if(std::begin(mixes), std::end(mixes),
                            [&](auto &m) { return name.compare(0, colon, m.name) == 0; });
    if (mix == std::end(mixes)) fprintf(stderr, "unknown mix: %s\n", names[c]), exit(64);
    together(map, keys, *mix, n, zipf, threads, warmup);
    print(names[c], together(map, keys, *mix, n, zipf, threads, window));
  }
}

// --- Growing from empty --------------------------------------------------------------------------

static int64_t residentBytes() {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
  if (file) fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

template <class Map> static void grow(size_t n) {
  std::vector<uint64_t> histogram(64);  // index: the bit length of the nanoseconds
  std::string memory;
  int64_t worst = 0, before = residentBytes();
  Map map;
  int64_t begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID), last = begin;
  for (size_t i = 0; i < n; i++) {
    map.put(mix64(i), i);
    int64_t now = nanoseconds(CLOCK_THREAD_CPUTIME_ID), spent = now - last;
    histogram[64 - __builtin_clzll(spent | 1)]++;
    worst = std::max(worst, spent);
    last = now;
    if ((i + 1) % 100'000 == 0) {
      memory += (memory.empty() ? "[" : ",[") + std::to_string(i + 1) + "," +
                std::to_string(residentBytes() - before) + "]";
      last = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    }
  }
  printf("{\"cell\":\"grow\",\"n\":%zu,\"cpu_ns\":%lld,\"worst_ns\":%lld,\"memory\":[%s],\"histogram\":[", n,
         (long long)(last - begin), (long long)worst, memory.c_str());
  for (int i = 0; i < 64; i++) printf("%s%llu", i ? "," : "", (unsigned long long)histogram[i]);
  printf("]}\n");
}

// --- The maps ------------------------------------------------------------------------------------

#ifdef WITH_TBB
template <class K> struct Tbb {
  using Table = tbb::concurrent_hash_map<K, uint64_t>;
  Table table;
  bool get(const K &key, uint64_t &value) {
    typename Table::const_accessor found;
    if (!table.find(found, key)) return false;
    value = found->second;
    return true;
  }
  void put(const K &key, uint64_t value) {
    typename Table::accessor found;
    table.insert(found, key);
    found->second = value;
  }
  void remove(const K &key) { table.erase(key); }
};
#endif

template <class Table> struct Sequential {
  Table table;
  template <class K> bool get(const K &key, uint64_t &value) {
    auto found = table.find(key);
    if (found == table.end()) return false;
    value = found->second;
    return true;
  }
  template <class K> void put(const K &key, uint64_t value) { table[key] = value; }
  template <class K> void remove(const K &key) { table.erase(key); }
};

#ifdef WITH_BOOST
template <class K> struct BoostConcurrent {
  boost::concurrent_flat_map<K, uint64_t> table;
  bool get(const K &key, uint64_t &value) {
    return table.visit(key, [&](const auto &entry) { value = entry.second; }) != 0;
  }
  void put(const K &key, uint64_t value) { table.insert_or_assign(key, value); }
  void remove(const K &key) { table.erase(key); }
};
#endif

template <template <class> class Map>
static int run(const std::string &keys, size_t n, int argc, char **argv) {
  if (keys == "grow") return grow<Map<uint64_t>>(n), 0;
  int64_t window = atoll(argv[4]) * 1'000'000, warmup = atoll(argv[5]) * 1'000'000;
  if (keys == "int")
    cells<Map<uint64_t>, uint64_t>(n, window, warmup, argc - 6, argv + 6);
  else
    cells<Map<std::string>, std::string>(n, window, warmup, argc - 6, argv + 6);
  return 0;
}

#ifdef WITH_ABSEIL
template <class K> using Abseil = Sequential<absl::flat_hash_map<K, uint64_t>>;
#endif
#ifdef WITH_BOOST
template <class K> using BoostSequential = Sequential<boost::unordered_flat_map<K, uint64_t>>;
#endif

int main(int argc, char **argv) {
  if (argc < 4) return fputs("usage: peer MAP int|str|grow N [WINDOW_MS WARMUP_MS MIX:THREADS...]\n", stderr), 64;
  std::string map = argv[1], keys = argv[2];
  size_t n = strtoull(argv[3], nullptr, 10);
#ifdef WITH_TBB
  if (map == "tbb") return run<Tbb>(keys, n, argc, argv);
#endif
#ifdef WITH_ABSEIL
  if (map == "abseil") return run<Abseil>(keys, n, argc, argv);
#endif
#ifdef WITH_BOOST
  if (map == "boost-concurrent") return run<BoostConcurrent>(keys, n, argc, argv);
  if (map == "boost-flat") return run<BoostSequential>(keys, n, argc, argv);
#endif
  return fprintf(stderr, "no such map: %s\n", argv[1]), 64;
}
