// The scenarios of DictionaryMisuser for Go's map: the same keys, the same
// number of operations, the same start line.
package main

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

var sink int

func write(m map[int]int, n, from int) {
	for k := from; k < from+n; k++ {
		m[k] = k
	}
}

func first(name string, m map[int]int, n int) {
	switch name {
	case "write-write":
		write(m, n, 0)
	case "read-write":
		for k := 0; k < n; k++ {
			sink = m[k]
		}
	case "iterate-write":
		for left := n; left > 0; {
			for k := range m {
				if left == 0 {
					break
				}
				sink = k
				left--
			}
		}
	case "delete-write":
		for k := 0; k < n; k++ {
			delete(m, k)
		}
	case "clear-write":
		for i := 0; i < n; i++ {
			clear(m)
		}
	case "clone-write":
		for i := 0; i < n; i++ {
			sink = len(maps.Clone(m))
		}
	case "count-write":
		for i := 0; i < n; i++ {
			sink = len(m)
		}
	case "store-store":
		for i := 0; i < n; i++ {
			m[1]++
		}
	}
}

func second(name string, m map[int]int, n int) {
	if name == "store-store" {
		first(name, m, n)
	} else {
		write(m, n, 1000)
	}
}

func main() {
	name := os.Args[1]
	n := 1000
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	m := map[int]int{}
	if name != "write-write" {
		write(m, 1000, 0)
	}
	var missing atomic.Int64
	missing.Store(2)
	wait := func() {
		missing.Add(-1)
		for missing.Load() > 0 {
		}
	}
	var done sync.WaitGroup
	done.Add(2)
	go func() { defer done.Done(); wait(); first(name, m, n) }()
	go func() { defer done.Done(); wait(); second(name, m, n) }()
	done.Wait()
	fmt.Println("not noticed")
}
