// The same for Go's map: `beliefs NAME` prints a number, of which Benchmarks/beliefs knows the right one.
package main

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

const steps = 100_000

// together runs body in so many goroutines, and waits for them.
func together(count int, body func(worker int)) {
	var group sync.WaitGroup
	for worker := range count {
		group.Add(1)
		go func() {
			defer group.Done()
			body(worker)
		}()
	}
	group.Wait()
}

var scenarios = map[string]func() int{
	"two-keys": func() int {
		values := map[int]int{}
		together(2, func(worker int) {
			for key := range steps {
				values[2*key+worker] = key
			}
		})
		return len(values)
	},
	"existing-keys": func() int {
		values := map[int]int{0: 0, 1: 0}
		together(2, func(worker int) {
			for range steps {
				values[worker]++
			}
		})
		return values[0] + values[1]
	},
	"reserved": func() int {
		values := make(map[int]int, 4*steps)
		together(2, func(worker int) {
			for key := range steps {
				values[2*key+worker] = key
			}
		})
		return len(values)
	},
	"count": func() int {
		values := map[int]int{}
		together(2, func(worker int) {
			for key := range steps {
				if worker == 0 {
					values[key] = key
				} else if len(values) > steps {
					panic("too many")
				}
			}
		})
		return len(values)
	},
	"one-writer": func() int {
		values := map[int]int{}
		together(3, func(worker int) {
			for key := range steps {
				if worker == 0 {
					values[key] = key
				} else if value, found := values[key]; found && value != key {
					panic("another value")
				}
			}
		})
		return len(values)
	},
	"readers": func() int {
		values := map[int]int{}
		for key := range 100 {
			values[key] = key
		}
		var sum atomic.Int64
		together(4, func(int) {
			own := 0
			for key := range steps {
				own += values[key%100]
			}
			sum.Add(int64(own))
		})
		return int(sum.Load())
	},
	"array-elements": func() int {
		values := make([]int, steps)
		together(2, func(worker int) {
			for index := worker; index < steps; index += 2 {
				values[index] = index
			}
		})
		sum := 0
		for _, value := range values {
			sum += value
		}
		return sum
	},
	"flag": func() int {
		flags := 0
		together(2, func(worker int) {
			for range 200_001 {
				flags ^= 1 << worker
			}
		})
		return flags
	},
	"check-then-act": func() int {
		var values sync.Map
		values.Store(0, 0)
		together(2, func(int) {
			for range steps {
				old, _ := values.Load(0)
				values.Store(0, old.(int)+1)
			}
		})
		result, _ := values.Load(0)
		return result.(int)
	},
	"mutex": func() int {
		var lock sync.Mutex
		values := map[int]int{0: 0}
		together(2, func(int) {
			for range steps {
				lock.Lock()
				values[0]++
				lock.Unlock()
			}
		})
		return values[0]
	},
	"own-loop": func() int {
		values := map[int]int{}
		for key := range 1000 {
			values[key] = 0
		}
		visited := 0
		for key := range values {
			if key >= 1000 {
				continue
			}
			delete(values, key)
			values[key+1000] = 0
			visited++
		}
		return visited
	},
	"recover": func() int {
		result := 0
		values := map[int]int{}
		together(2, func(worker int) {
			defer func() {
				if recover() != nil {
					result = 1
				}
			}()
			for key := range steps {
				values[2*key+worker] = key
			}
		})
		return result
	},
}

func main() {
	fmt.Println(scenarios[os.Args[1]]())
}
