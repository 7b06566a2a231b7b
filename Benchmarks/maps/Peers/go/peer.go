// Go's maps under the workload of ../../README.md.
//
// Which map and which kind of key is chosen by build tags: calls through Go's type parameters are
// indirect, and would be counted against the map.
package main

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// --- The workload --------------------------------------------------------------------------------

func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

func xorshift(x uint64) uint64 {
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	return x
}

func threadTime() int64 {
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 3, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

type mix struct {
	gets, puts uint64 // out of 100; the rest removes
	spread     uint64 // keys drawn from spread * N
	zipf, hot  bool
}

var mixes = map[string]mix{
	"get100": {100, 0, 1, false, false}, "get95": {95, 5, 1, false, false},
	"get50": {50, 50, 1, false, false}, "mix80": {80, 10, 2, false, false},
	"zget100": {100, 0, 1, true, false}, "zget95": {95, 5, 1, true, false},
	"hot": {0, 100, 1, false, true},
}

const zipfLength = 1 << 20

func zipfIndices(n int) []uint32 {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -0.99)
		sums[i] = sum
	}
	indices := make([]uint32, zipfLength)
	x := uint64(0x2545f4914f6cdd1d)
	for i := range indices {
		x = xorshift(x)
		u := float64(x>>11) / float64(1<<53) * sum
		indices[i] = uint32(min(n-1, sort.SearchFloat64s(sums, u)))
	}
	return indices
}

type part struct{ ops, gets, hits, sum, cpu uint64 }

func work(m *table, keys queries, mix mix, n int, zipf []uint32, thread uint64, window int64) (p part) {
	x := mix64(thread+1) | 1
	span, at := uint64(n)*mix.spread, x%zipfLength
	begin := threadTime()
	for {
		for i := 0; i < 1024; i++ {
			x = xorshift(x)
			var index uint64
			if mix.zipf {
				index = uint64(zipf[at&(zipfLength-1)])
				at++
			} else if !mix.hot {
				index = ((x >> 32) * span) >> 32
			}
			choice := ((x & 0xffffffff) * 100) >> 32
			if choice < mix.gets {
				value, found := m.get(keys.at(index))
				if found {
					p.hits++
				}
				p.sum += value
				p.gets++
			} else if choice < mix.gets+mix.puts {
				m.put(keys.at(index), x)
			} else {
				m.remove(keys.at(index))
			}
		}
		p.ops += 1024
		p.cpu = uint64(threadTime() - begin)
		if int64(p.cpu) >= window {
			return
		}
	}
}

func together(m *table, keys queries, mix mix, n int, zipf []uint32, threads int, window int64) ([]part, int64) {
	parts := make([]part, threads)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for t := range threads {
		ready.Add(1)
		done.Add(1)
		go func() {
			runtime.LockOSThread()
			ready.Done()
			<-start
			parts[t] = work(m, keys, mix, n, zipf, uint64(t), window)
			done.Done()
		}()
	}
	ready.Wait()
	began := time.Now()
	close(start)
	done.Wait()
	return parts, int64(time.Since(began))
}

func cells(n int, window, warmup int64, names []string) {
	m := newTable()
	for i := range n {
		m.put(makeKey(uint64(i)), uint64(i))
	}
	keys := newQueries(2 * n)
	zipf := zipfIndices(n)
	for _, name := range names {
		mixName, threadText, _ := strings.Cut(name, ":")
		threads, _ := strconv.Atoi(threadText)
		mix, known := mixes[mixName]
		if !known {
			fmt.Fprintln(os.Stderr, "unknown mix:", name)
			os.Exit(64)
		}
		together(m, keys, mix, n, zipf, threads, warmup)
		parts, wall := together(m, keys, mix, n, zipf, threads, window)
		var texts []string
		sum := uint64(0)
		for _, p := range parts {
			texts = append(texts, fmt.Sprintf(`{"ops":%d,"gets":%d,"hits":%d,"cpu_ns":%d}`, p.ops, p.gets, p.hits, p.cpu))
			sum += p.sum
		}
		fmt.Printf(`{"cell":"%s","threads":[%s],"wall_ns":%d,"sum":%d}`+"\n", name, strings.Join(texts, ","), wall, sum)
	}
}

// --- Growing from empty --------------------------------------------------------------------------

func liveBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func grow(n int) {
	m := newTable()
	runtime.LockOSThread()
	histogram := make([]uint64, 64) // index: the bit length of the nanoseconds
	worst, before := int64(0), liveBytes()
	var memory []string
	begin := threadTime()
	last := begin
	for i := range n {
		m.put(makeKey(uint64(i)), uint64(i))
		now := threadTime()
		spent := now - last
		histogram[bits.Len64(uint64(spent)|1)]++
		worst = max(worst, spent)
		last = now
		if (i+1)%max(n/10, 1) == 0 { // each look collects garbage: few of them
			memory = append(memory, fmt.Sprintf("[%d,%d]", i+1, liveBytes()-before))
			last = threadTime()
		}
	}
	fmt.Printf(`{"cell":"grow","n":%d,"cpu_ns":%d,"worst_ns":%d,"memory":[%s],"histogram":%s}`+"\n", n, last-begin, worst,
		strings.Join(memory, ","), strings.ReplaceAll(fmt.Sprint(histogram), " ", ","))
	runtime.KeepAlive(m)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: peer cells|grow N [WINDOW_MS WARMUP_MS MIX:THREADS...]")
		os.Exit(64)
	}
	n, _ := strconv.Atoi(os.Args[2])
	if os.Args[1] == "grow" {
		grow(n)
		return
	}
	window, _ := strconv.ParseInt(os.Args[3], 10, 64)
	warmup, _ := strconv.ParseInt(os.Args[4], 10, 64)
	cells(n, window*1e6, warmup*1e6, os.Args[5:])
}
