//! Rust's maps under the workload of ../../../README.md.

use std::borrow::Borrow;
use std::collections::hash_map::{HashMap, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use dashmap::DashMap;

// --- The workload ------------------------------------------------------------------------------

fn mix64(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e3779b97f4a7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d049bb133111eb);
    x ^ (x >> 31)
}

fn xorshift(mut x: u64) -> u64 {
    x ^= x << 13;
    x ^= x >> 7;
    x ^ (x << 17)
}

fn text(i: u64) -> String {
    format!("{:016x}", mix64(i))
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn thread_time() -> i64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(3, &mut time) };
    time.seconds * 1_000_000_000 + time.nanoseconds
}

#[derive(Clone, Copy)]
struct Mix {
    gets: u64, // out of 100
    puts: u64, // the rest removes
    spread: u64,
    zipf: bool,
    hot: bool,
}

fn mix(name: &str) -> Mix {
    let (gets, puts, spread, zipf, hot) = match name {
        "get100" => (100, 0, 1, false, false),
        "get95" => (95, 5, 1, false, false),
        "get50" => (50, 50, 1, false, false),
        "mix80" => (80, 10, 2, false, false),
        "zget100" => (100, 0, 1, true, false),
        "zget95" => (95, 5, 1, true, false),
        "hot" => (0, 100, 1, false, true),
        _ => panic!("unknown mix: {name}"),
    };
    Mix { gets, puts, spread, zipf, hot }
}

const ZIPF_LENGTH: usize = 1 << 20;

fn zipf_indices(n: usize) -> Vec<u32> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (0..n)
        .map(|i| {
            sum += ((i + 1) as f64).powf(-0.99);
            sum
        })
        .collect();
    let mut x = 0x2545f4914f6cdd1d;
    (0..ZIPF_LENGTH)
        .map(|_| {
            x = xorshift(x);
            let u = (x >> 11) as f64 / (1u64 << 53) as f64 * sum;
            sums.partition_point(|&s| s < u).min(n - 1) as u32
        })
        .collect()
}

/// A map, with a query key that may be of a lighter type than the stored one.
trait Table<K, Q: ?Sized>: Sync {
    fn get(&self, key: &Q) -> Option<u64>;
    fn put(&self, key: K, value: u64);
    fn remove(&self, key: &Q);
}

#[derive(Default)]
struct Part {
    ops: u64,
    gets: u64,
    hits: u64,
    sum: u64,
    cpu: i64,
}

/// `query` hands the query key to a closure; `owned` makes one to be stored.
trait Keys<K, Q: ?Sized>: Sync {
    fn query<R>(&self, i: u64, body: impl FnOnce(&Q) -> R) -> R;
    fn owned(&self, i: u64) -> K;
}

struct Integers;
impl Keys<u64, u64> for Integers {
    fn query<R>(&self, i: u64, body: impl FnOnce(&u64) -> R) -> R {
        body(&mix64(i))
    }
    fn owned(&self, i: u64) -> u64 {
        mix64(i)
    }
}

/// Query strings are stored apart from the map's.
struct Strings(Vec<String>);
impl Keys<String, str> for Strings {
    fn query<R>(&self, i: u64, body: impl FnOnce(&str) -> R) -> R {
        body(&self.0[i as usize])
    }
    fn owned(&self, i: u64) -> String {
        self.0[i as usize].clone()
    }
}

#[derive(PartialEq, Eq, Hash)]
struct Id(u64);

struct References(Vec<Arc<Id>>);
impl Keys<Arc<Id>, Id> for References {
    fn query<R>(&self, i: u64, body: impl FnOnce(&Id) -> R) -> R {
        body(&self.0[i as usize])
    }
    fn owned(&self, i: u64) -> Arc<Id> {
        self.0[i as usize].clone()
    }
}

fn work<K, Q: ?Sized, T: Table<K, Q>, Y: Keys<K, Q>>(
    table: &T, keys: &Y, mix: Mix, n: usize, zipf: &[u32], thread: u64, window: i64,
) -> Part {
    let mut part = Part::default();
    let mut x = mix64(thread + 1) | 1;
    let range = n as u64 * mix.spread;
    let mut at = x as usize % ZIPF_LENGTH;
    let begin = thread_time();
    while part.cpu < window {
        for _ in 0..1024 {
            x = xorshift(x);
            let index = if mix.hot {
                0
            } else if mix.zipf {
                at += 1;
                zipf[(at - 1) & (ZIPF_LENGTH - 1)] as u64
            } else {
                ((x >> 32) * range) >> 32
            };
            let choice = ((x & 0xffffffff) * 100) >> 32;
            if choice < mix.gets {
                if let Some(value) = keys.query(index, |key| table.get(key)) {
                    part.hits += 1;
                    part.sum = part.sum.wrapping_add(value);
                }
                part.gets += 1;
            } else if choice < mix.gets + mix.puts {
                table.put(keys.owned(index), x);
            } else {
                keys.query(index, |key| table.remove(key));
            }
        }
        part.ops += 1024;
        part.cpu = thread_time() - begin;
    }
    part
}

fn together<K, Q: ?Sized, T: Table<K, Q>, Y: Keys<K, Q>>(
    table: &T, keys: &Y, mix: Mix, n: usize, zipf: &[u32], threads: usize, window: i64,
) -> (Vec<Part>, u128) {
    let line = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let line = &line;
                scope.spawn(move || {
                    line.wait();
                    work(table, keys, mix, n, zipf, thread as u64, window)
                })
            })
            .collect();
        line.wait();
        let start = Instant::now();
        let parts = running.into_iter().map(|thread| thread.join().unwrap()).collect();
        (parts, start.elapsed().as_nanos())
    })
}

fn cells<K, Q: ?Sized, T: Table<K, Q>, Y: Keys<K, Q>>(
    table: &T, make: impl Fn(u64) -> K, keys: &Y, n: usize, arguments: &[String],
) {
    for i in 0..n as u64 {
        table.put(make(i), i);
    }
    let (window, warmup): (i64, i64) = (arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    let zipf = zipf_indices(n);
    for name in &arguments[2..] {
        let (mix_name, threads) = name.split_once(':').expect("MIX:THREADS");
        let (mix, threads) = (mix(mix_name), threads.parse().unwrap());
        together(table, keys, mix, n, &zipf, threads, warmup * 1_000_000);
        let (parts, wall) = together(table, keys, mix, n, &zipf, threads, window * 1_000_000);
        let texts: Vec<_> = parts
            .iter()
            .map(|p| format!(r#"{{"ops":{},"gets":{},"hits":{},"cpu_ns":{}}}"#, p.ops, p.gets, p.hits, p.cpu))
            .collect();
        let sum = parts.iter().fold(0u64, |sum, part| sum.wrapping_add(part.sum));
        println!(r#"{{"cell":"{name}","threads":[{}],"wall_ns":{wall},"sum":{sum}}}"#, texts.join(","));
    }
}

// --- Growing from empty ------------------------------------------------------------------------

fn resident_bytes() -> i64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * 4096
}

fn grow<T: Table<u64, u64>>(table: &T, n: usize) {
    let mut histogram = [0u64; 64]; // index: the bit length of the nanoseconds
    let (mut worst, mut memory, before) = (0, Vec::new(), resident_bytes());
    let begin = thread_time();
    let mut last = begin;
    for i in 0..n {
        table.put(mix64(i as u64), i as u64);
        let now = thread_time();
        let spent = now - last;
        histogram[64 - (spent | 1).leading_zeros() as usize] += 1;
        worst = worst.max(spent);
        last = now;
        if (i + 1) % 100_000 == 0 {
            memory.push(format!("[{},{}]", i + 1, resident_bytes() - before));
            last = thread_time();
        }
    }
    println!(
        r#"{{"cell":"grow","n":{n},"cpu_ns":{},"worst_ns":{worst},"memory":[{}],"histogram":{histogram:?}}}"#,
        last - begin,
        memory.join(",")
    );
}

// --- The maps ----------------------------------------------------------------------------------

/// A folded multiply for integers and strings, as fast hashes do it, seeded per map.
#[derive(Clone)]
struct Fold(u64);

impl Fold {
    fn new() -> Self {
        Fold(RandomState::new().build_hasher().finish())
    }

    fn mix(&mut self, x: u64) {
        let product = (self.0 ^ x) as u128 * 0x9e3779b97f4a7c15f39cc0605cedc835u128 as u64 as u128;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(u64::from_le_bytes(word.try_into().unwrap()));
        }
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        if !words.remainder().is_empty() {
            self.mix(u64::from_le_bytes(last));
        }
    }
    fn write_u64(&mut self, x: u64) {
        self.mix(x);
    }
    fn write_u8(&mut self, _: u8) {} // the end mark of a string; lengths are equal here
    fn finish(&self) -> u64 {
        self.0
    }
}

impl BuildHasher for Fold {
    type Hasher = Fold;
    fn build_hasher(&self) -> Fold {
        self.clone()
    }
}

impl<K, Q, S> Table<K, Q> for DashMap<K, u64, S>
where
    K: Hash + Eq + Borrow<Q> + Send + Sync,
    Q: Hash + Eq + ?Sized,
    S: BuildHasher + Clone + Send + Sync,
{
    fn get(&self, key: &Q) -> Option<u64> {
        DashMap::get(self, key).map(|found| *found)
    }
    fn put(&self, key: K, value: u64) {
        self.insert(key, value);
    }
    fn remove(&self, key: &Q) {
        DashMap::remove(self, key);
    }
}

/// Values that are references: a clone counts.
struct Boxed<S>(DashMap<Arc<Id>, Arc<u64>, S>);

impl<S: BuildHasher + Clone + Send + Sync> Table<Arc<Id>, Id> for Boxed<S> {
    fn get(&self, key: &Id) -> Option<u64> {
        let value = self.0.get(key).map(|found| found.clone());
        value.map(|value| *value)
    }
    fn put(&self, key: Arc<Id>, value: u64) {
        self.0.insert(key, Arc::new(value));
    }
    fn remove(&self, key: &Id) {
        self.0.remove(key);
    }
}

/// For one thread only; the benchmark asks for no more.
struct Sequential<K, S>(std::cell::UnsafeCell<HashMap<K, u64, S>>);
unsafe impl<K, S> Sync for Sequential<K, S> {}

impl<K, Q, S> Table<K, Q> for Sequential<K, S>
where
    K: Hash + Eq + Borrow<Q>,
    Q: Hash + Eq + ?Sized,
    S: BuildHasher,
{
    fn get(&self, key: &Q) -> Option<u64> {
        unsafe { (*self.0.get()).get(key).copied() }
    }
    fn put(&self, key: K, value: u64) {
        unsafe { (*self.0.get()).insert(key, value) };
    }
    fn remove(&self, key: &Q) {
        unsafe { (*self.0.get()).remove(key) };
    }
}

fn run<S: BuildHasher + Clone + Send + Sync>(hasher: S, sequential: bool, arguments: &[String]) {
    let n: usize = arguments[1].parse().unwrap();
    let strings = |count: usize| Strings((0..count as u64).map(text).collect());
    let plain = |hasher| Sequential(HashMap::with_hasher(hasher).into());
    match (arguments[0].as_str(), sequential) {
        ("grow", false) => grow(&DashMap::with_hasher(hasher), n),
        ("grow", true) => grow(&plain(hasher), n),
        ("int", false) => cells(&DashMap::with_hasher(hasher), mix64, &Integers, n, &arguments[2..]),
        ("int", true) => cells(&plain(hasher), mix64, &Integers, n, &arguments[2..]),
        ("str", false) => cells(&DashMap::with_hasher(hasher), text, &strings(2 * n), n, &arguments[2..]),
        ("str", true) => {
            let table = Sequential(HashMap::with_hasher(hasher).into());
            cells(&table, text, &strings(2 * n), n, &arguments[2..])
        }
        ("ref", false) => {
            let queries = References((0..2 * n as u64).map(|i| Arc::new(Id(mix64(i)))).collect());
            let make = |i| Arc::new(Id(mix64(i)));
            cells(&Boxed(DashMap::with_hasher(hasher)), make, &queries, n, &arguments[2..])
        }
        (keys, _) => panic!("no such keys: {keys}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments[0].as_str() {
        "dashmap" => run(RandomState::new(), false, &arguments[1..]),
        "dashmap-fast" => run(Fold::new(), false, &arguments[1..]),
        "hashmap-fast" => run(Fold::new(), true, &arguments[1..]),
        map => panic!("no such map: {map}"),
    }
}
